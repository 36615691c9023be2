namespace XaiL2O.Trainers;

/// <summary>
/// A constant function market maker: tendering x and receiving y is accepted if φ(r + γx − y) ≥ φ(r), with x, y ≥ 0 (18).
/// </summary>
/// <param name="Name">Name in messages.</param>
/// <param name="Tokens">Names of the tokens it holds; at least two, all different.</param>
/// <param name="Weights">wᵢ &gt; 0, one per token. Their scale does not matter.</param>
/// <param name="FeeFactor">γ in (0, 1]: the share of a tender that counts; 1 minus the fee.</param>
/// <param name="Rule">φ.</param>
public sealed record Cfmm(string Name, IReadOnlyList<string> Tokens, IReadOnlyList<double> Weights, double FeeFactor, ExchangeRule Rule)
{
    internal void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name))
            throw new ArgumentException("A CFMM needs a name.");
        ArgumentNullException.ThrowIfNull(Tokens);
        ArgumentNullException.ThrowIfNull(Weights);
        if (Tokens.Count < 2)
            throw new ArgumentException($"CFMM '{Name}' holds {Tokens.Count} tokens; it needs at least 2 to exchange anything.");
        if (Tokens.GroupBy(t => t).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"CFMM '{Name}' lists the token '{twice.Key}' twice.");
        if (Weights.Count != Tokens.Count)
            throw new ArgumentException($"CFMM '{Name}' has {Weights.Count} weights for {Tokens.Count} tokens.");
        for (var i = 0; i < Weights.Count; i++)
        {
            if (!(Weights[i] > 0 && double.IsFinite(Weights[i])))
                throw new ArgumentException($"CFMM '{Name}' has weight {Weights[i]} for '{Tokens[i]}'; weights are positive and finite.");
        }

        if (!(FeeFactor > 0 && FeeFactor <= 1))
            throw new ArgumentException($"CFMM '{Name}' has fee factor {FeeFactor}; it must lie in (0, 1] (a fee of 0.3 % is the factor 0.997).");
        if (!Enum.IsDefined(Rule))
            throw new ArgumentException($"CFMM '{Name}' has rule {Rule}, which is not an {nameof(ExchangeRule)}.");
    }
}
