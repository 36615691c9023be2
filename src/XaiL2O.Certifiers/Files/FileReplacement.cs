namespace XaiL2O.Certifiers;

/// <summary>
/// Writes files as a whole: beside the old one, through to the disk, then in its place. Whatever ends the writing, a full disk or the process, the old
/// file stays as it was until the new one is complete. For model zips too:
/// <c>FileReplacement.Write("model.zip", stream =&gt; ml.Model.Save(model, schema, stream))</c>.
/// </summary>
public static class FileReplacement
{
    /// <summary>Writes a file or replaces it. Where this throws, the old file is untouched and nothing else remains.</summary>
    /// <param name="path">File to write. The target of a link is replaced, not the link; a replaced file keeps its permissions.</param>
    /// <param name="write">Writes the content to a stream that can be read, written and sought, and stays open.</param>
    /// <exception cref="IOException">The disk is full, or the folder does not exist.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(write);
        var target = new FileInfo(path).LinkTarget is null ? Path.GetFullPath(path) : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
        if (target.StartsWith("/dev/", StringComparison.Ordinal) && !target.StartsWith("/dev/shm/", StringComparison.Ordinal))
        {
            // A device has no old content to keep, and must not become a file; /dev/shm holds ordinary files, in memory.
            using var device = new FileStream(target, FileMode.Open, FileAccess.Write);
            write(device);
            return;
        }

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows() && File.Exists(target))
            options.UnixCreateMode = File.GetUnixFileMode(target);
        // A name of its own, so that two processes that write the same file do not write into each other's; short, since the file's may be as long as names can be.
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, options))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception e)
        {
            // Without a folder, deleting throws an exception of its own.
            if (File.Exists(temporary))
                File.Delete(temporary);
            if (!e.Message.Contains(temporary, StringComparison.Ordinal))
                throw;
            // The system names the file that it could not write, which is not the one that was asked for.
            var message = e.Message.Replace(temporary, target, StringComparison.Ordinal);
            throw e switch
            {
                DirectoryNotFoundException => new DirectoryNotFoundException(message, e),
                UnauthorizedAccessException => new UnauthorizedAccessException(message, e),
                _ => new IOException(message, e) { HResult = e.HResult },
            };
        }
    }

    /// <summary>The same for a text, as UTF-8 without a byte order mark.</summary>
    /// <param name="path">File to write.</param>
    /// <param name="text">Its content.</param>
    /// <exception cref="IOException">The disk is full, or the folder does not exist.</exception>
    public static void WriteText(string path, string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Write(path, stream =>
        {
            using var writer = new StreamWriter(stream, leaveOpen: true);
            writer.Write(text);
        });
    }
}
