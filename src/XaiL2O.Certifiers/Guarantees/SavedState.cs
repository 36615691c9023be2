using System.Diagnostics.CodeAnalysis;

namespace XaiL2O.Certifiers;

/// <summary>States that were saved as JSON with a checksum.</summary>
internal static class SavedState
{
    /// <summary>Reads a whole stream.</summary>
    /// <param name="stream">What was saved and nothing behind it.</param>
    /// <param name="name">What it is, as the subject of a sentence.</param>
    /// <param name="check">Throws <see cref="ArgumentException"/> where its options are out of range.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static T Read<T>(Stream stream, string name, Action<T> check)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        var state = Sealed.FromJson<T>(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, "Start anew or restore the file from a copy.");
        try
        {
            check(state);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{name} has options that none has: {e.Message}", e);
        }

        return state;
    }
}
