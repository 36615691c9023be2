namespace XaiL2O.Certifiers;

/// <summary>
/// An empirical-Bernstein bound of the mean of numbers in [0, 1], on one side, that holds at all times together: its sums are all that is kept.
/// </summary>
/// <remarks>
/// With predictable λᵢ in (0, 1) and μ̂ᵢ₋₁ in [0, 1], exp(Σ λᵢ(Xᵢ − μᵢ) − 4(Xᵢ − μ̂ᵢ₋₁)²·ψ(λᵢ)), ψ(λ) = (−ln(1 − λ) − λ)/4, is a supermartingale for the conditional means μᵢ, and so is it
/// with −λᵢ; Ville's inequality bounds the mean of the μᵢ with weights λᵢ. Waudby-Smith and Ramdas 2024, arXiv 2010.15899, theorem 2.
/// </remarks>
internal struct MeanBound
{
    private const double LargestBet = 0.5;

    /// <summary>Numbers so far, their sum and the sum of their squared distances from the means before each.</summary>
    public long Count { get; init; }

    public double Sum { get; init; }

    public double Squares { get; init; }

    /// <summary>Σλᵢ, Σλᵢ·Xᵢ and Σ4(Xᵢ − μ̂ᵢ₋₁)²·ψ(λᵢ).</summary>
    public double Bets { get; init; }

    public double Weighted { get; init; }

    public double Variation { get; init; }

    /// <summary>Whether the sums are those of some numbers.</summary>
    public readonly bool IsPossible => Count >= 0 && Sum >= 0 && Sum <= Count && Squares >= 0 && Bets >= 0 && Weighted >= 0 && Weighted <= Bets * (1 + 1e-9) && Variation >= 0
        && double.IsFinite(Sum + Squares + Bets + Variation) && Count > 0 == Bets > 0;

    /// <summary>The sums with one more number.</summary>
    /// <param name="value">In [0, 1].</param>
    /// <param name="delta">The probability that the bound ever fails.</param>
    /// <param name="rows">Where the number of numbers is known, the bound is made for it; at any time when null.</param>
    public readonly MeanBound With(double value, double delta, int? rows = null)
    {
        var before = (0.5 + Sum) / (Count + 1);
        var variance = (0.25 + Squares) / (Count + 1);
        var t = Count + 1.0;
        var bet = Math.Min(Math.Sqrt(2 * Math.Log(1 / delta) / (variance * (rows ?? (t * Math.Log(1 + t))))), LargestBet);
        var square = (value - before) * (value - before);
        var after = value - ((0.5 + Sum + value) / (Count + 2));
        return new MeanBound
        {
            Count = Count + 1,
            Sum = Sum + value,
            Squares = Squares + (after * after),
            Bets = Bets + bet,
            Weighted = Weighted + (bet * value),
            Variation = Variation + (square * (-double.LogP1(-bet) - bet)),
        };
    }

    /// <summary>The mean is at least this; 0 before the first number.</summary>
    public readonly double Lower(double delta) => Count == 0 ? 0 : Math.Max(0, (Weighted - Math.Log(1 / delta) - Variation) / Bets);

    /// <summary>The mean is at most this; 1 before the first number.</summary>
    public readonly double Upper(double delta) => Count == 0 ? 1 : Math.Min(1, (Weighted + Math.Log(1 / delta) + Variation) / Bets);
}
