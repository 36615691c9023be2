using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The state of a training between two epochs in one file: a fingerprint of what is trained and how, then whatever the training writes.
/// The file is replaced as a whole, so an interruption leaves the previous one.
/// </summary>
internal static class CheckpointFile
{
    private const int Version = 1;
    private static readonly byte[] Magic = "XL2OCKPT"u8.ToArray();

    public static void Save(string path, string fingerprint, Action<BinaryWriter> body)
    {
        var temporary = path + ".new";
        try
        {
            using (var writer = new BinaryWriter(File.Create(temporary), Encoding.UTF8))
            {
                writer.Write(Magic);
                writer.Write(Version);
                writer.Write(fingerprint);
                body(writer);
                writer.Write(Magic);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            // A full disk, say: what was written is of no use and may be large.
            File.Delete(temporary);
            throw;
        }
    }

    /// <exception cref="InvalidDataException">The file is damaged, or belongs to another training.</exception>
    public static void Load(string path, string fingerprint, Action<BinaryReader> body)
    {
        using var reader = new BinaryReader(File.OpenRead(path), Encoding.UTF8);
        try
        {
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic) || reader.ReadInt32() != Version)
                throw new InvalidDataException($"{path} is not a training checkpoint of this version of XaiL2O; delete it to start anew.");
            var saved = reader.ReadString();
            if (saved != fingerprint)
                throw new InvalidDataException($"{path} belongs to another training, whose {TrainingIdentity.Difference(saved, fingerprint)} differ. Delete it to train anew, or name another file.");
            body(reader);
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic))
                throw new InvalidDataException($"{path} is damaged; delete it to start anew.");
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"{path} is damaged: it ends too early. Delete it to start anew.", e);
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
