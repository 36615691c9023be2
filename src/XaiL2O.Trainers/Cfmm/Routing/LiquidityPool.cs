using System.Text.Json.Serialization;

namespace XaiL2O.Trainers;

/// <summary>
/// A pool that trades can be routed through: concentrated liquidity (<see cref="ConcentratedPool"/>) or a weighted product (<see cref="WeightedPool"/>). What differs from row to row is its state,
/// one number per token: reserves, or price and liquidity.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "Kind")]
[JsonDerivedType(typeof(ConcentratedPool), "Concentrated")]
[JsonDerivedType(typeof(WeightedPool), "Weighted")]
public abstract class LiquidityPool
{
    /// <summary>Room for rounding in relative terms: a trade on the very edge is accepted.</summary>
    private protected const double Rounding = 1e-12;

    /// <summary>Checks what all pools have.</summary>
    private protected LiquidityPool(string name, IReadOnlyList<string> tokens, double feeFactor)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new ArgumentException("A pool needs a name.", nameof(name));
        ArgumentNullException.ThrowIfNull(tokens);
        if (tokens.Count < 2)
            throw new ArgumentException($"Pool '{name}' holds {tokens.Count} tokens; it needs at least 2 to exchange anything.", nameof(tokens));
        if (tokens.GroupBy(t => t).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"Pool '{name}' lists the token '{twice.Key}' twice.", nameof(tokens));
        if (!(feeFactor > 0 && feeFactor <= 1))
            throw new ArgumentException($"Pool '{name}' has fee factor {feeFactor}; it must lie in (0, 1] (a fee of 0.3 % is the factor 0.997).", nameof(feeFactor));
        (Name, Tokens, FeeFactor) = (name, [.. tokens], feeFactor);
    }

    /// <summary>Name in messages and of slots.</summary>
    public string Name { get; }

    /// <summary>Names of the tokens it holds.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>γ in (0, 1]: the share of a tender that counts; 1 minus the fee.</summary>
    public double FeeFactor { get; }

    /// <summary>What using the pool costs whatever is traded there, in the unit of prices: gas. At least 0 and finite. Default 0.</summary>
    public double FixedCost { get; init; }

    /// <summary>What the numbers of the state are, one name for each; as many as tokens.</summary>
    [JsonIgnore]
    public abstract IReadOnlyList<string> StateNames { get; }

    /// <summary>Whether the pool accepts a trade. Nothing beyond rounding is accepted that its rule does not allow.</summary>
    /// <param name="state">Its true state.</param>
    /// <param name="tender">x, one amount per token.</param>
    /// <param name="receive">y, one amount per token.</param>
    /// <returns>False for NaN or negative amounts and for states that are not valid; true where nothing is traded.</returns>
    public bool Accepts(ReadOnlySpan<double> state, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive)
    {
        if (!tender.ContainsAnyExcept(0.0) && !receive.ContainsAnyExcept(0.0))
            return true;
        for (var i = 0; i < tender.Length; i++)
        {
            if (!(tender[i] >= 0 && receive[i] >= 0 && double.IsFinite(tender[i])))
                return false;
        }

        return IsValid(state) && Allows(state, tender, receive);
    }

    /// <summary>Whether numbers are a state of this pool; a pool that holds nothing has one.</summary>
    internal abstract bool IsValid(ReadOnlySpan<double> state);

    /// <summary><see cref="Accepts"/> for amounts that are not negative, some of them positive, and a valid state.</summary>
    private protected abstract bool Allows(ReadOnlySpan<double> state, ReadOnlySpan<double> tender, ReadOnlySpan<double> receive);

    /// <summary>
    /// The trade of greatest value V(q) = max ⟨q, y − x⟩ at prices q &gt; 0, without <see cref="FixedCost"/>. V is convex and homogeneous in q, and y − x is its gradient.
    /// </summary>
    /// <param name="state">A valid state.</param>
    /// <param name="feeFactor">The fee factor to compute with.</param>
    /// <param name="prices">q, one per token.</param>
    /// <param name="net">Receives y − x.</param>
    /// <param name="hessian">Receives the second derivatives of V, n × n; empty where they are not needed.</param>
    /// <returns>V(q) ≥ 0.</returns>
    internal abstract double Best(ReadOnlySpan<double> state, double feeFactor, ReadOnlySpan<double> prices, Span<double> net, Span<double> hessian);

    /// <summary>
    /// The same with V replaced by its mean over a range of the first price, a convex function with continuous second derivatives: between ticks that are near each other V is flat here and steep there. V
    /// itself where a pool says nothing else.
    /// </summary>
    /// <param name="state">A valid state.</param>
    /// <param name="feeFactor">The fee factor to compute with.</param>
    /// <param name="prices">q, one per token.</param>
    /// <param name="range">How far the mean reaches on both sides, in logarithms; positive.</param>
    /// <param name="net">Receives the gradient.</param>
    /// <param name="hessian">Receives the second derivatives.</param>
    internal virtual double Smoothed(ReadOnlySpan<double> state, double feeFactor, ReadOnlySpan<double> prices, double range, Span<double> net, Span<double> hessian) =>
        Best(state, feeFactor, prices, net, hessian);

    /// <summary>Prices, up to a common factor, at which nothing would be traded without a fee.</summary>
    internal abstract void MarginalPrices(ReadOnlySpan<double> state, Span<double> prices);

    /// <summary>Throws unless the cost is in its range; an initialiser sets it after the constructor.</summary>
    internal void Validate()
    {
        if (!(FixedCost >= 0 && double.IsFinite(FixedCost)))
            throw new ArgumentException($"Pool '{Name}' has {nameof(FixedCost)} = {FixedCost}; it must be finite and at least 0.");
    }
}
