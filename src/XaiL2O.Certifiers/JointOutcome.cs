namespace XaiL2O.Certifiers;

/// <summary>The joint verdict in numbers.</summary>
/// <param name="Trustworthy">Whether no part failed jointly.</param>
/// <param name="JointPValue">
/// min(1, m·min p) over the m certificates whose labels follow from calibration, limits not counted: valid however they depend on each other. NaN
/// if there are none.
/// </param>
public readonly record struct JointOutcome(bool Trustworthy, double JointPValue)
{
    /// <summary>What two certifiers say together of one row: trustworthy if both say so, and min(1, m·min p) over the certificates of both.</summary>
    /// <param name="first">Of one certifier.</param>
    /// <param name="firstTests">Its certificates whose labels follow from calibration.</param>
    /// <param name="second">Of the other.</param>
    /// <param name="secondTests">Its certificates whose labels follow from calibration.</param>
    public static JointOutcome Combine(JointOutcome first, int firstTests, JointOutcome second, int secondTests)
    {
        // A joint p-value that was cut to 1 stays 1: p ≥ 1/m in one certifier is (m + m')·p ≥ 1 in both.
        var (p, q) = (first.JointPValue / firstTests, second.JointPValue / secondTests);
        var smallest = double.IsNaN(p) ? q : double.IsNaN(q) ? p : Math.Min(p, q);
        return new JointOutcome(first.Trustworthy && second.Trustworthy, Math.Min(1, (firstTests + secondTests) * smallest));
    }
}
