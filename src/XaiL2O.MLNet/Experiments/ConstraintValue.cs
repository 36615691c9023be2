namespace XaiL2O.MLNet;

/// <summary>A constraint as measured in a trial.</summary>
/// <param name="Name">Name of the constraint.</param>
/// <param name="Value">What was measured; the mean over the folds in a cross-validation.</param>
/// <param name="AtMost">Largest value allowed.</param>
public sealed record ConstraintValue(string Name, double Value, double AtMost)
{
    /// <summary>Whether the constraint is met; NaN never meets it.</summary>
    public bool IsMet => Value <= AtMost;

    /// <summary>Excess relative to the limit (absolute where the limit is 0); 0 where met, ∞ for NaN.</summary>
    internal double Violation => IsMet ? 0 : double.IsNaN(Value) ? double.PositiveInfinity : (Value - AtMost) / (AtMost == 0 ? 1 : Math.Abs(AtMost));
}
