namespace XaiL2O.Certifiers;

/// <summary>
/// Absolute limits of a property value, where physics or a contract gives them (fidelity ≤ 1e-2). Labels then need no calibration; a
/// property with limits is a requirement and not a statistical test, so it stays out of the joint p-value and fails on its own.
/// </summary>
public sealed record ValueLimits
{
    /// <summary>Values above this fail. Required; finite.</summary>
    public required double FailAbove { get; init; }

    /// <summary>Values above this, up to <see cref="FailAbove"/>, get a warning; null for no warnings.</summary>
    public double? WarnAbove { get; init; }

    /// <summary>Throws unless the limits are finite and in order.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!double.IsFinite(FailAbove))
            throw new ArgumentException($"{nameof(FailAbove)} = {FailAbove} is out of range; it must be finite.");
        if (WarnAbove is { } warn && !(double.IsFinite(warn) && warn <= FailAbove))
            throw new ArgumentException($"{nameof(WarnAbove)} = {warn} is out of range; it must be finite and at most {nameof(FailAbove)} = {FailAbove}.");
    }

    /// <summary>The label of a finite value.</summary>
    internal CertificateLabel Label(double value) =>
        value > FailAbove ? CertificateLabel.Fail : value > (WarnAbove ?? FailAbove) ? CertificateLabel.Warning : CertificateLabel.Pass;
}
