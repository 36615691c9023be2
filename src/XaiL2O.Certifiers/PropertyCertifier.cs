using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>Judges one property against calibration values or absolute limits. Immutable; can be used from many threads.</summary>
public sealed class PropertyCertifier
{
    /// <summary>Room for the rounding of probabilities such as 1 − 0.05.</summary>
    internal const double Slack = 1e-12;

    private readonly CalibratedLabels compared;

    /// <summary>Creates the certifier.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="distribution">Values of the inferences of the calibration rows.</param>
    /// <param name="policy">Label probabilities; two-sided, half of each goes to each side.</param>
    /// <param name="calibration">Rule.</param>
    /// <param name="tolerance">
    /// The value up to which the property counts as satisfied; smaller values are all the same to it, for calibration too. For a solver's
    /// fidelity this is the solver's tolerance: below it differences mean nothing. It is no limit: see <see cref="ValueLimits"/>.
    /// </param>
    /// <param name="sides">Which values are unusual.</param>
    /// <param name="source">Whose values labels compare with.</param>
    /// <param name="truths">Values of the truths of the calibration rows; needed unless labels compare with inferences alone.</param>
    /// <exception cref="ArgumentException">An argument is out of range, or N is too small for the level asked of a conformal label.</exception>
    public PropertyCertifier(
        string name,
        CalibrationDistribution distribution,
        LabelPolicy policy,
        Calibration calibration,
        double tolerance = 0,
        Sides sides = Sides.Upper,
        CalibrationSource source = CalibrationSource.Inferences,
        CalibrationDistribution? truths = null)
        : this(name, tolerance)
    {
        ArgumentNullException.ThrowIfNull(distribution);
        ArgumentNullException.ThrowIfNull(policy);
        policy.Validate();
        Defined(calibration, nameof(calibration));
        Defined(sides, nameof(sides));
        Defined(source, nameof(source));
        if (truths is null != (source == CalibrationSource.Inferences))
            throw new ArgumentException($"'{name}' is calibrated on {source} and {(truths is null ? "no values of truths are given" : "values of truths are given, which would have no effect")}.", nameof(truths));
        foreach (var known in new[] { distribution, truths })
        {
            if (known is not null && known.Values[0] < 0)
                throw new ArgumentException($"{known.CountStrictlyBelow(0)} of the {known.Count} calibration values of '{name}' are negative, for instance {known.Values[0]}; property values are at least 0. Certify what is large where something is wrong: a magnitude, or the distance to a set.", nameof(distribution));
        }

        (Distribution, Policy, Calibration, Sides, Source, Truths) = (distribution, policy, calibration, sides, source, truths);
        compared = new CalibratedLabels(
            source switch
            {
                CalibrationSource.Inferences => [distribution],
                CalibrationSource.Truths => [truths!],
                _ => [distribution, truths!],
            },
            policy,
            calibration,
            tolerance,
            sides);
        var level = policy.FailProbability;
        if (calibration == Calibration.Paper && policy.Confidence is { } confidence)
            throw new ArgumentException($"{nameof(LabelPolicy.Confidence)} = {confidence} of '{name}' must be null with {nameof(Calibration.Paper)}, which promises nothing of finitely many calibration rows.", nameof(policy));
        if (calibration == Calibration.Conformal && level > 0)
            RequireCount(level, policy.Confidence, $"fail rows at level {level}", nameof(LabelPolicy.FailProbability), " (a joint rule over k properties takes about k times as many)");
        if (level > 0 && Compared.Max(d => d.RankError) is var error && compared.FailLevel / compared.SideCount is var told && error >= told)
        {
            throw new ArgumentException(
                $"The sketch of '{name}' has rank error {error}, too coarse to tell the {told:P1} most unusual values of a side apart. Use an error of at most {told / 5}.",
                nameof(distribution));
        }

        (WarnThreshold, FailThreshold) = (compared.UpperThreshold(CertificateLabel.Warning), compared.UpperThreshold(CertificateLabel.Fail));
        (LowerWarnThreshold, LowerFailThreshold) = (compared.LowerThreshold(CertificateLabel.Warning), compared.LowerThreshold(CertificateLabel.Fail));
    }

    /// <summary>Creates a certifier with absolute limits.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="limits">Limits.</param>
    /// <param name="distribution">Calibration values, for the p-value beside the label; null for none.</param>
    /// <param name="tolerance">The value up to which the property counts as satisfied, for the p-value.</param>
    /// <exception cref="ArgumentException">An argument is out of range.</exception>
    public PropertyCertifier(string name, ValueLimits limits, CalibrationDistribution? distribution, double tolerance)
        : this(name, tolerance)
    {
        ArgumentNullException.ThrowIfNull(limits);
        limits.Validate();
        (Limits, Distribution, Policy) = (limits, distribution!, new LabelPolicy());
        compared = new CalibratedLabels(distribution is null ? [] : [distribution], Policy, Calibration, tolerance, Sides);
        (WarnThreshold, FailThreshold) = (limits.WarnAbove ?? limits.FailAbove, limits.FailAbove);
    }

    private PropertyCertifier(string name, double tolerance)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!(tolerance >= 0 && double.IsFinite(tolerance)))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"The tolerance of '{name}' is {tolerance}; it must be finite and at least 0.");
        (Name, Tolerance, Policy, Distribution, compared) = (name, tolerance, null!, null!, null!);
    }

    /// <summary>Property name.</summary>
    public string Name { get; }

    /// <summary>
    /// Values of the inferences of the calibration rows; null only where absolute limits were given without any. Drift is a change from these,
    /// whatever labels compare with.
    /// </summary>
    public CalibrationDistribution Distribution { get; }

    /// <summary>Values of the truths of the calibration rows; null where labels compare with inferences alone.</summary>
    public CalibrationDistribution? Truths { get; }

    /// <summary>Whose values labels compare with; without effect where <see cref="Limits"/> are given.</summary>
    public CalibrationSource Source { get; }

    /// <summary>Which values are unusual; without effect where <see cref="Limits"/> are given.</summary>
    public Sides Sides { get; }

    /// <summary>Label probabilities; without effect where <see cref="Limits"/> are given.</summary>
    public LabelPolicy Policy { get; }

    /// <summary>Absolute limits; null where labels follow from calibration.</summary>
    public ValueLimits? Limits { get; }

    /// <summary>Rule; without effect where <see cref="Limits"/> are given.</summary>
    public Calibration Calibration { get; }

    /// <summary>Value up to which the property counts as satisfied.</summary>
    public double Tolerance { get; }

    /// <summary>What usually makes values large, a sentence for explanations; empty when not known.</summary>
    public string Cause { get; init; } = "";

    /// <summary>The largest calibration value (or the tolerance, or the limit) that does not fail; +∞ when nothing finite above fails.</summary>
    public double FailThreshold { get; }

    /// <summary>The largest value that passes; equal to <see cref="FailThreshold"/> where there are no warnings.</summary>
    public double WarnThreshold { get; }

    /// <summary>The smallest calibration value that does not fail; −∞ when no small value fails.</summary>
    public double LowerFailThreshold { get; } = double.NegativeInfinity;

    /// <summary>The smallest value that passes; equal to <see cref="LowerFailThreshold"/> where there are no warnings.</summary>
    public double LowerWarnThreshold { get; } = double.NegativeInfinity;

    /// <summary>
    /// The share of rows like the calibration rows that fails, given the calibration rows; it is at most this where values have ties or the calibration values are sketched. Null where
    /// nothing is promised: limits, <see cref="Calibration.Paper"/>, and levels of 0 or 1.
    /// </summary>
    public RateGivenCalibration? FalseFailRate =>
        Limits is null && Calibration == Calibration.Conformal && Policy.FailProbability is > 0 and < 1
        && Compared[0].Count is var rows && CalibratedLabels.Exceedances(rows, Policy.FailProbability, Policy.Confidence, Sides) is var k && k > 0 && k <= rows
            ? new RateGivenCalibration(rows, k)
            : null;

    /// <summary>What fails, and how often by chance: a line for people.</summary>
    public override string ToString() =>
        $"{Name}: {Explanations.Limits(LowerFailThreshold, FailThreshold)}{(Limits is not null ? " The limit is given." : FalseFailRate is { } rate ? $" {Explanations.SomeFailToo} {rate}" : "")}";

    /// <summary>What labels and p-values compare with: one distribution, two with <see cref="CalibrationSource.Both"/>, none where there is nothing.</summary>
    internal CalibrationDistribution[] Compared => compared.Distributions;

    /// <summary>Judges a value. NaN, ∞ and negative values, which no property has, fail.</summary>
    /// <param name="value">Property value α.</param>
    public Certificate Certify(double value)
    {
        var p = compared.PValue(value);
        var label = !IsValue(value) ? CertificateLabel.Fail : Limits is { } limits ? limits.Label(value) : compared.Label(value, p);
        return new Certificate(Name, value, p, label) { FailLimit = FailThreshold, LowerFailLimit = LowerFailThreshold, ByLimit = Limits is not null };
    }

    /// <summary>Whether a number can be a property value: finite and at least 0.</summary>
    internal static bool IsValue(double value) => value >= 0 && double.IsFinite(value);

    /// <summary>The calibration rows that conformal labels need: ⌈1/p − 1⌉ for level p, ⌈2/p − 1⌉ two-sided; with fewer nothing could fail.</summary>
    /// <param name="level">p, greater than 0.</param>
    /// <param name="sides">Which values are unusual.</param>
    public static int RowsNeeded(double level, Sides sides = Sides.Upper) => (int)Math.Ceiling(((sides == Sides.TwoSided ? 2 : 1) / level) - 1 - 1e-9);

    /// <summary>The same where levels hold with a confidence.</summary>
    internal static int RowsNeeded(double level, Sides sides, double? confidence)
    {
        if (confidence is null)
            return RowsNeeded(level, sides);
        var asked = new ConformalLevel { Miscoverage = level, Confidence = confidence };
        if (sides == Sides.Upper)
            return asked.RowsNeeded;
        var (low, high) = ((long)asked.RowsNeeded, 2L * asked.RowsNeeded);
        while (high < int.MaxValue && asked.Exceedances((int)high) < 2)
            (low, high) = (high, 2 * high);
        high = Math.Min(high, int.MaxValue);
        while (low + 1 < high)
        {
            var middle = (low + high) / 2;
            (low, high) = asked.Exceedances((int)middle) < 2 ? (middle, high) : (low, middle);
        }

        return (int)high;
    }

    /// <summary>The p-value up to which one of several tests of a family fails.</summary>
    internal double JointLevel(double share, int tests) => CalibratedLabels.Level(Compared, share, JointConfidence(Policy, tests), Sides);

    /// <summary>The confidence of one of several tests, so that all keep theirs together.</summary>
    internal static double? JointConfidence(LabelPolicy policy, int tests) => 1 - ((1 - policy.Confidence) / tests);

    /// <summary>Whether a value is nearer the lower end of the calibration values than the upper, where that counts.</summary>
    internal bool IsLow(double value) => compared.IsLow(value);

    /// <summary>Throws unless the calibration values allow conformal p-values as small as a level.</summary>
    internal void RequireCount(double level, double? confidence, string purpose, string option, string more = "")
    {
        var needed = RowsNeeded(level, Sides, confidence);
        if (Compared.MinBy(d => d.Count) is not { } fewest || fewest.Count >= needed)
            return;
        var (smallest, instead) = Sides == Sides.TwoSided ? ("2/(N + 1) where both sides count", $", or let only large values fail ({nameof(Certifiers.Sides)}.{nameof(Sides.Upper)})") : ("1/(N + 1)", "");
        purpose += confidence is { } kept ? string.Create(CultureInfo.InvariantCulture, $" with {nameof(LabelPolicy.Confidence)} = {kept:0.####}") : "";
        throw new ArgumentException(
            $"'{Name}' has {fewest.Count} calibration values, too few to {purpose}: a conformal p-value cannot be smaller than {smallest}. "
            + $"Calibrate on at least {needed} rows{more} or raise {option}{instead}.");
    }

    private static void Defined<T>(T value, string name)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new ArgumentOutOfRangeException(name, value, $"{value} is not a {typeof(T).Name}.");
    }
}
