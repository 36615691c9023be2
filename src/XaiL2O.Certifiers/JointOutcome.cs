namespace XaiL2O.Certifiers;

/// <summary>The joint verdict in numbers.</summary>
/// <param name="Trustworthy">Whether no part failed jointly.</param>
/// <param name="JointPValue">
/// min(1, m·min p) over the m certificates whose labels follow from calibration, limits not counted: valid however they depend on each other. NaN
/// if there are none.
/// </param>
public readonly record struct JointOutcome(bool Trustworthy, double JointPValue);
