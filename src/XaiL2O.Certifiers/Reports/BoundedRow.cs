namespace XaiL2O.Certifiers;

/// <summary>A row whose truth is known, with its bound.</summary>
/// <param name="Actual">What is bounded, for instance the error; NaN where the inference has none.</param>
/// <param name="Bound">What was promised of it; ∞ promises nothing.</param>
/// <param name="Holds">Whether the bound holds.</param>
/// <param name="Set">Set that the row is counted in; empty for none.</param>
/// <param name="Group">Calibration group; empty for none.</param>
public readonly record struct BoundedRow(double Actual, double Bound, bool Holds, string Set = "", string Group = "");
