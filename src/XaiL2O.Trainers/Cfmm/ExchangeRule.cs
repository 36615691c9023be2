namespace XaiL2O.Trainers;

/// <summary>The trading function φ of a constant function market maker (19).</summary>
public enum ExchangeRule
{
    /// <summary>Weighted product, φ(r) = Π rᵢ^wᵢ: constant product and weighted pools.</summary>
    Geometric,

    /// <summary>Weighted sum, φ(r) = Σ wᵢrᵢ: constant sum pools.</summary>
    Arithmetic,
}
