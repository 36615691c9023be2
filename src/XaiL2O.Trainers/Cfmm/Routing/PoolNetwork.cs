using System.Text.Json.Serialization;

namespace XaiL2O.Trainers;

/// <summary>
/// Pools over common tokens, of any kinds. Vectors of states and of trades have one entry per token of each pool, the pools in order and within one its tokens in order:
/// <see cref="StateCount"/> entries. Vectors of prices and holdings have one entry per token of the network.
/// </summary>
public sealed class PoolNetwork
{
    private readonly int[] offsets;
    private readonly int[] tokenOf;

    /// <summary>Joins pools.</summary>
    /// <param name="tokens">Names of all tokens, all different.</param>
    /// <param name="pools">At least one; every token of theirs is in <paramref name="tokens"/> and every token is held by one of them.</param>
    /// <exception cref="ArgumentException">A pool is not valid, a token unknown, or a token held by none. The message names it.</exception>
    [JsonConstructor]
    public PoolNetwork(IReadOnlyList<string> tokens, IReadOnlyList<LiquidityPool> pools)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(pools);
        if (pools.Count == 0)
            throw new ArgumentException("A network needs at least one pool.", nameof(pools));
        if (tokens.GroupBy(t => t).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"The token '{twice.Key}' is listed twice.", nameof(tokens));
        var index = tokens.Select((token, i) => (token, i)).ToDictionary(t => t.token, t => t.i);
        foreach (var pool in pools)
        {
            ArgumentNullException.ThrowIfNull(pool, nameof(pools));
            pool.Validate();
            if (pool.Tokens.FirstOrDefault(t => !index.ContainsKey(t)) is { } unknown)
                throw new ArgumentException($"Pool '{pool.Name}' holds the token '{unknown}', which is not a token of the network.", nameof(pools));
        }

        var held = pools.SelectMany(p => p.Tokens).ToHashSet();
        if (tokens.FirstOrDefault(t => !held.Contains(t)) is { } idle)
            throw new ArgumentException($"No pool holds the token '{idle}'; remove it or add a pool that does.", nameof(tokens));

        (Tokens, Pools) = ([.. tokens], [.. pools]);
        offsets = new int[pools.Count + 1];
        for (var j = 0; j < pools.Count; j++)
            offsets[j + 1] = offsets[j] + pools[j].Tokens.Count;
        tokenOf = [.. pools.SelectMany(p => p.Tokens).Select(t => index[t])];
    }

    /// <summary>Names of the tokens.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>The pools.</summary>
    public IReadOnlyList<LiquidityPool> Pools { get; }

    /// <summary>N, the length of vectors of states and of trades.</summary>
    [JsonIgnore]
    public int StateCount => tokenOf.Length;

    /// <summary>Index of pool j's first entry in vectors of states.</summary>
    /// <param name="pool">j.</param>
    public int Offset(int pool) => offsets[pool];

    /// <summary>Index of the token of an entry of a vector of trades.</summary>
    /// <param name="entry">Index in 0 … N − 1.</param>
    public int TokenOf(int entry) => tokenOf[entry];

    /// <summary>Whether every pool accepts its part of a trade.</summary>
    /// <param name="states">True states, N numbers.</param>
    /// <param name="tender">x, N amounts.</param>
    /// <param name="receive">y, N amounts.</param>
    /// <returns>False for NaN or negative amounts too.</returns>
    public bool Executes(ReadOnlySpan<double> states, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        for (var j = 0; j < Pools.Count; j++)
        {
            var range = offsets[j]..offsets[j + 1];
            if (!Pools[j].Accepts(states[range], tender[range], receive[range]))
                return false;
        }

        return true;
    }

    /// <summary>⟨p, y − x⟩ over all pools, less the fixed costs of those that are used.</summary>
    /// <param name="prices">p, one per token.</param>
    /// <param name="tender">x, N amounts.</param>
    /// <param name="receive">y, N amounts.</param>
    public double Utility(ReadOnlySpan<double> prices, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        var sum = 0.0;
        for (var j = 0; j < Pools.Count; j++)
        {
            var range = offsets[j]..offsets[j + 1];
            if (tender[range].ContainsAnyExcept(0.0) || receive[range].ContainsAnyExcept(0.0))
                sum -= Pools[j].FixedCost;
            for (var i = offsets[j]; i < offsets[j + 1]; i++)
                sum += prices[tokenOf[i]] * (receive[i] - tender[i]);
        }

        return sum;
    }

    /// <summary>Whether numbers are states of the pools.</summary>
    internal bool AreStates(ReadOnlySpan<double> states)
    {
        for (var j = 0; j < Pools.Count; j++)
        {
            if (!Pools[j].IsValid(states[offsets[j]..offsets[j + 1]]))
                return false;
        }

        return true;
    }
}
