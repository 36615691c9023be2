using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace XaiL2O.Certifiers;

/// <summary>
/// Files that carry the SHA-256 of their content, which is compared before anything in them is believed: a length, a version or a number that a
/// damaged disk has changed never reaches the code that would act on it. JSON carries it as its first property, over all bytes behind it;
/// other files at their end.
/// </summary>
internal static class Sealed
{
    private static readonly JsonSerializerOptions Strict = StrictJson(new());

    private static ReadOnlySpan<byte> JsonStart => "{\"Sha256\": \""u8;

    private static ReadOnlySpan<byte> JsonNext => "\","u8;

    /// <summary>Length of <see cref="JsonStart"/>, the checksum in hexadecimal digits and <see cref="JsonNext"/>.</summary>
    private static int JsonHead => JsonStart.Length + (2 * SHA256.HashSizeInBytes) + JsonNext.Length;

    /// <summary>Settings under which null in the place of a value, a missing value and one that is there twice are errors, and every text comes back.</summary>
    public static JsonSerializerOptions StrictJson(JsonSerializerOptions like)
    {
        var options = new JsonSerializerOptions(like) { AllowDuplicateProperties = false, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };
        options.Converters.Add(new AnyTextConverter());
        return options;
    }

    /// <summary>A JSON object of several properties with its checksum.</summary>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static byte[] ToJson<T>(T value, JsonSerializerOptions? options = null)
    {
        var rest = JsonSerializer.SerializeToUtf8Bytes(value, options ?? Strict).AsSpan(1);
        return [.. JsonStart, .. Digits(rest), .. JsonNext, .. rest];
    }

    /// <summary>Whether a text begins as <see cref="ToJson"/> writes it.</summary>
    public static bool IsJson(ReadOnlySpan<byte> bytes) => bytes.StartsWith(JsonStart);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="bytes">The whole file.</param>
    /// <param name="name">What it is, as the subject of a sentence.</param>
    /// <param name="remedy">What to do where it is damaged, a sentence.</param>
    /// <param name="options">Settings; <see cref="StrictJson"/> of the defaults when null.</param>
    /// <exception cref="InvalidDataException">It is damaged, or of another kind.</exception>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static T FromJson<T>(ReadOnlySpan<byte> bytes, string name, string remedy, JsonSerializerOptions? options = null)
    {
        if (bytes.Length <= JsonHead || !IsJson(bytes) || !bytes[..JsonHead].EndsWith(JsonNext))
            throw new InvalidDataException($"{name} is damaged, of another kind, or of an older version of XaiL2O: it does not begin with its checksum. {remedy}");
        if (!bytes[JsonStart.Length..].StartsWith(Digits(bytes[JsonHead..])))
            throw new InvalidDataException($"{name} is damaged: its checksum does not match. {remedy}");
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, options ?? Strict) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException)
        {
            throw new InvalidDataException($"{name} does not hold what it should: {e.Message} {remedy}", e);
        }
    }

    /// <summary>Writes content and then its checksum.</summary>
    public static void Write(Stream stream, Action<Stream> content)
    {
        using var sha = SHA256.Create();
        using (var hashing = new CryptoStream(stream, sha, CryptoStreamMode.Write, leaveOpen: true))
            content(hashing);
        stream.Write(sha.Hash);
    }

    /// <summary>Whether a stream ends with the checksum of what is before; leaves it at its beginning.</summary>
    public static bool IsIntact(Stream stream)
    {
        stream.Position = 0;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        var left = stream.Length - SHA256.HashSizeInBytes;
        if (left < 0)
            return false;
        while (left > 0)
        {
            var read = stream.Read(buffer, 0, (int)Math.Min(left, buffer.Length));
            if (read == 0)
                return false;
            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        stream.ReadExactly(given);
        stream.Position = 0;
        return given.SequenceEqual(hash.GetHashAndReset());
    }

    private static byte[] Digits(ReadOnlySpan<byte> content) => Encoding.ASCII.GetBytes(Convert.ToHexString(SHA256.HashData(content)));
}
