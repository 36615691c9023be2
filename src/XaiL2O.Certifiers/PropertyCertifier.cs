namespace XaiL2O.Certifiers;

/// <summary>Judges one property against calibration values. Immutable; can be used from many threads.</summary>
public sealed class PropertyCertifier
{
    /// <summary>Room for the rounding of probabilities such as 1 − 0.05.</summary>
    private const double Slack = 1e-12;

    /// <summary>Creates the certifier.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="distribution">Calibration values.</param>
    /// <param name="policy">Label probabilities.</param>
    /// <param name="calibration">Rule.</param>
    /// <param name="tolerance">
    /// The value up to which the property counts as satisfied; smaller values are all the same to it, for calibration too. For a solver's
    /// fidelity this is the solver's tolerance: below it differences mean nothing.
    /// </param>
    /// <exception cref="ArgumentException">An argument is out of range, or N is too small for the level asked of a conformal label.</exception>
    public PropertyCertifier(string name, EmpiricalDistribution distribution, LabelPolicy policy, Calibration calibration, double tolerance = 0)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(distribution);
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        if (!Enum.IsDefined(calibration))
            throw new ArgumentOutOfRangeException(nameof(calibration), calibration, $"{calibration} is not a {nameof(Certifiers.Calibration)}.");
        if (!(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"The tolerance of '{name}' is {tolerance}; it must be finite and at least 0.");
        var level = policy.FailProbability;
        if (calibration == Calibration.Conformal && level > 0 && distribution.Count < (1 / level) - 1 - Slack)
        {
            throw new ArgumentException(
                $"'{name}' has {distribution.Count} calibration values, too few to fail rows at level {level}: a conformal p-value cannot be smaller than 1/(N + 1). "
                + $"Calibrate on at least {Math.Ceiling((1 / level) - 1 - Slack)} rows or raise {nameof(LabelPolicy.FailProbability)}.",
                nameof(distribution));
        }

        (Name, Distribution, Policy, Calibration, Tolerance) = (name, distribution, policy, calibration, tolerance);
    }

    /// <summary>Property name.</summary>
    public string Name { get; }

    /// <summary>Calibration values.</summary>
    public EmpiricalDistribution Distribution { get; }

    /// <summary>Label probabilities.</summary>
    public LabelPolicy Policy { get; }

    /// <summary>Rule.</summary>
    public Calibration Calibration { get; }

    /// <summary>Value up to which the property counts as satisfied.</summary>
    public double Tolerance { get; }

    /// <summary>The largest calibration value (or the tolerance) that does not fail; +∞ when nothing finite fails.</summary>
    public double FailThreshold
    {
        get
        {
            // Labels only get worse as values grow, and change only just above a calibration value.
            var values = Distribution.Values;
            if (Certify(double.MaxValue).Label != CertificateLabel.Fail)
                return double.PositiveInfinity;
            var (low, high) = (0, values.Length);
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (Certify(values[middle]).Label == CertificateLabel.Fail)
                    high = middle;
                else
                    low = middle + 1;
            }

            return low == 0 ? Tolerance : Math.Max(values[low - 1], Tolerance);
        }
    }

    /// <summary>Judges a value. NaN and ∞ fail.</summary>
    /// <param name="value">Property value α.</param>
    public Certificate Certify(double value)
    {
        var n = Distribution.Count;
        if (!double.IsFinite(value))
            return new Certificate(Name, value, 1.0 / (n + 1), CertificateLabel.Fail);

        // Values within the tolerance are equal to each other, so nothing is strictly below them.
        var below = value <= Tolerance ? 0 : Distribution.CountStrictlyBelow(value);
        var p = (1.0 + n - below) / (n + 1);
        var (fail, warn) = (Policy.FailProbability, Policy.FailProbability + Policy.WarningProbability);
        var label = Calibration switch
        {
            // (12) in terms of the strictly smaller share c: fail if c ≥ 1 − p_f, pass if c < p_p. With none strictly smaller, pass.
            Calibration.Paper => Label((double)below / n >= 1 - fail - Slack && fail > 0 && below > 0, (double)below / n >= 1 - warn - Slack && warn > 0 && below > 0),
            _ => Label(p <= fail + Slack, p <= warn + Slack),
        };
        return new Certificate(Name, value, p, label);
    }

    private static CertificateLabel Label(bool fails, bool warns) =>
        fails ? CertificateLabel.Fail : warns ? CertificateLabel.Warning : CertificateLabel.Pass;
}
