using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using XaiL2O.Certifiers;

namespace XaiL2O.Trainers;

/// <summary>
/// CFMMs over common tokens. Vectors of reserves and trades have one entry per token of each CFMM, the CFMMs in order and within one
/// its tokens in order: <see cref="ReserveCount"/> entries. Vectors of prices have one entry per token of the network.
/// </summary>
public sealed class CfmmNetwork
{
    private static readonly JsonSerializerOptions Json = Sealed.StrictJson(new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } });

    /// <summary>A checksum with a damaged name would otherwise be taken for something of no meaning.</summary>
    private static readonly JsonSerializerOptions Unsealed = new(Json) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    private readonly int[] offsets;
    private readonly int[] tokenOf;

    /// <summary>Joins CFMMs.</summary>
    /// <param name="tokens">Names of all tokens, all different.</param>
    /// <param name="cfmms">At least one; every token of theirs is in <paramref name="tokens"/> and every token is held by one of them.</param>
    /// <exception cref="ArgumentException">A CFMM is not valid, a token unknown, or a token held by none. The message names it.</exception>
    public CfmmNetwork(IReadOnlyList<string> tokens, IReadOnlyList<Cfmm> cfmms)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(cfmms);
        if (cfmms.Count == 0)
            throw new ArgumentException("A network needs at least one CFMM.", nameof(cfmms));
        if (tokens.GroupBy(t => t).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"The token '{twice.Key}' is listed twice.", nameof(tokens));
        var index = tokens.Select((token, i) => (token, i)).ToDictionary(t => t.token, t => t.i);
        foreach (var cfmm in cfmms)
        {
            ArgumentNullException.ThrowIfNull(cfmm, nameof(cfmms));
            cfmm.Validate();
            if (cfmm.Tokens.FirstOrDefault(t => !index.ContainsKey(t)) is { } unknown)
                throw new ArgumentException($"CFMM '{cfmm.Name}' holds the token '{unknown}', which is not a token of the network.", nameof(cfmms));
        }

        var held = cfmms.SelectMany(c => c.Tokens).ToHashSet();
        if (tokens.FirstOrDefault(t => !held.Contains(t)) is { } idle)
            throw new ArgumentException($"No CFMM holds the token '{idle}'; remove it or add a CFMM that does.", nameof(tokens));

        (Tokens, Cfmms) = ([.. tokens], [.. cfmms]);
        offsets = new int[cfmms.Count + 1];
        for (var j = 0; j < cfmms.Count; j++)
            offsets[j + 1] = offsets[j] + cfmms[j].Tokens.Count;
        tokenOf = [.. cfmms.SelectMany(c => c.Tokens).Select(t => index[t])];
    }

    /// <summary>Names of the tokens.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>The CFMMs.</summary>
    public IReadOnlyList<Cfmm> Cfmms { get; }

    /// <summary>N, the length of vectors of reserves and of trades.</summary>
    public int ReserveCount => tokenOf.Length;

    /// <summary>Index of CFMM j's first entry in vectors of reserves.</summary>
    /// <param name="cfmm">j.</param>
    public int Offset(int cfmm) => offsets[cfmm];

    /// <summary>Index of the token of an entry of a vector of reserves.</summary>
    /// <param name="reserve">Index in 0 … N − 1.</param>
    public int TokenOf(int reserve) => tokenOf[reserve];

    /// <summary>Reads a network from JSON as <see cref="Save"/> writes it, or as a person writes it: then without <c>Sha256</c>.</summary>
    /// <param name="path">File with <c>Tokens</c> and <c>Cfmms</c> (<c>Name</c>, <c>Tokens</c>, <c>Weights</c>, <c>FeeFactor</c>, <c>Rule</c>).</param>
    /// <exception cref="InvalidDataException">The file is not such JSON, or the network in it is not valid; the message says where.</exception>
    public static CfmmNetwork Load(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        var bytes = File.ReadAllBytes(path);
        return Sealed.IsJson(bytes)
            ? Create(path, () => Sealed.FromJson<Content>(bytes, path, "Restore it from a copy, or, where it was changed on purpose, remove its property Sha256.", Json))
            : Create(path, () => Read(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsSpan(Encoding.UTF8.Preamble.Length) : bytes));
    }

    /// <summary>Writes the network as JSON with a checksum.</summary>
    /// <param name="path">File to write.</param>
    public void Save(string path) => FileReplacement.Write(path, stream => stream.Write(Sealed.ToJson(new Content(Tokens, Cfmms), Json)));

    /// <summary>The network as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(new Content(Tokens, Cfmms), Json);

    /// <summary>A network from JSON.</summary>
    /// <param name="json">As <see cref="ToJson"/> gives it.</param>
    /// <param name="source">What messages call it.</param>
    /// <exception cref="InvalidDataException">The text is not such JSON, or the network in it is not valid.</exception>
    public static CfmmNetwork Parse(string json, string source = "The text") =>
        Create(source, () => Read(Encoding.UTF8.GetBytes(json)));

    private static Content Read(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<Content>(json, Unsealed) ?? throw new JsonException("it is null");

    private static CfmmNetwork Create(string source, Func<Content> read)
    {
        try
        {
            var content = read();
            return new CfmmNetwork(content.Tokens, content.Cfmms);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InvalidDataException($"{source} does not hold a CFMM network: {e.Message}", e);
        }
    }

    private sealed record Content(IReadOnlyList<string> Tokens, IReadOnlyList<Cfmm> Cfmms);
}
