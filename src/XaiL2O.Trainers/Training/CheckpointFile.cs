using System.Text;
using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The state of a training between two epochs in one file: a fingerprint of what is trained and how, then whatever the training writes, then a
/// checksum. The file is replaced as a whole, so an interruption leaves the previous one.
/// </summary>
internal static class CheckpointFile
{
    private const int Version = 3;
    private static readonly byte[] Magic = "XL2OCKPT"u8.ToArray();

    /// <summary>Bytes of a file name that leave room for the ending of the file written beside it; systems have 255.</summary>
    private const int LongestName = 240;

    /// <summary>Throws unless a checkpoint can be written there: found out after the first epoch, its work would be lost.</summary>
    public static void CheckPath(string? path, string option)
    {
        if (path is null)
            return;
        if (string.IsNullOrWhiteSpace(path) || path.Contains('\0', StringComparison.Ordinal) || Encoding.UTF8.GetByteCount(Path.GetFileName(path)) is 0 or > LongestName)
            throw new ArgumentException($"{option} = '{path}' is no path of a file; it must name one, with at most {LongestName} bytes after the last folder, or be null for no checkpoints.", option);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new ArgumentException($"{option} = '{path}' lies in the folder '{folder}', which does not exist; make it first.", option);
    }

    public static void Save(string path, string fingerprint, Action<BinaryWriter> body)
    {
        FileReplacement.Write(path, stream => Sealed.Write(stream, content =>
        {
            using var writer = new BinaryWriter(content, Encoding.UTF8, leaveOpen: true);
            writer.Write(Magic);
            writer.Write(Version);
            writer.Write(fingerprint);
            body(writer);
            writer.Write(Magic);
        }));
    }

    /// <exception cref="InvalidDataException">The file is damaged, or belongs to another training.</exception>
    public static void Load(string path, string fingerprint, Action<BinaryReader> body)
    {
        using var stream = File.OpenRead(path);
        using var reader = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            if (!Sealed.IsIntact(stream))
                throw new InvalidDataException($"{path} is damaged, or no training checkpoint of this version of XaiL2O: its checksum does not match. Delete it to start anew.");
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic) || reader.ReadInt32() != Version)
                throw new InvalidDataException($"{path} is not a training checkpoint of this version of XaiL2O; delete it to start anew.");
            var saved = reader.ReadString();
            if (saved != fingerprint)
                throw new InvalidDataException($"{path} belongs to another training, whose {TrainingIdentity.Difference(saved, fingerprint)} differ. Delete it to train anew, or name another file.");
            Read(path, reader, body);
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic))
                throw new InvalidDataException($"{path} is damaged; delete it to start anew.");
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{path} is damaged: it ends too early. Delete it to start anew.", e);
        }
    }

    private static void Read(string path, BinaryReader reader, Action<BinaryReader> body)
    {
        try
        {
            body(reader);
        }
#pragma warning disable CA1031 // Libtorch throws what it likes at numbers that no training wrote.
        catch (Exception e) when (e is not (IOException or OutOfMemoryException))
#pragma warning restore CA1031
        {
            throw new InvalidDataException($"{path} is damaged: {e.Message.Split('\n')[0]} Delete it to start anew.", e);
        }
    }

    /// <summary>Writes the elements of a tensor; shape and type are known to the reader.</summary>
    public static void Write(BinaryWriter writer, Tensor t)
    {
        using var grad = no_grad();
        using var plain = t.detach().cpu().contiguous();
        // Row by row: a span holds less than a large tensor.
        for (var row = 0L; row < plain.shape[0]; row++)
        {
            using var part = plain[row];
            writer.Write(part.bytes);
        }
    }

    /// <summary>A number that was read, unless the file is too short for as many parts.</summary>
    public static long Within(BinaryReader reader, long count, long bytesEach) =>
        count >= 0 && count <= (reader.BaseStream.Length - reader.BaseStream.Position) / bytesEach ? count : throw new EndOfStreamException();

    /// <summary>Reads elements into a tensor of the shape and type they had.</summary>
    public static void Read(BinaryReader reader, Tensor target)
    {
        using var grad = no_grad();
        using var plain = empty(target.shape, dtype: target.dtype);
        for (var row = 0L; row < target.shape[0]; row++)
        {
            using var part = plain[row];
            reader.BaseStream.ReadExactly(part.bytes);
        }

        target.copy_(plain);
    }
}
