namespace XaiL2O.Examples;

/// <summary>Keeps an output folder to one run: two would overwrite each other's files, and one fail at its end for lack of them.</summary>
internal sealed class FolderLease : IDisposable
{
    /// <summary>Another process has the file: Windows' code, and EWOULDBLOCK of Linux and macOS.</summary>
    private static readonly int[] Taken = [unchecked((int)0x80070020), 11, 35];

    private readonly FileStream file;

    /// <exception cref="IOException">Another run has the folder.</exception>
    public FolderLease(DirectoryInfo folder)
    {
        try
        {
            file = new FileStream(Path.Combine(folder.FullName, ".running"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (Taken.Contains(e.HResult))
        {
            throw new IOException($"Another run writes to {folder.FullName}; wait for its end, or choose another folder with --out.", e);
        }
    }

    public void Dispose() => file.Dispose();
}
