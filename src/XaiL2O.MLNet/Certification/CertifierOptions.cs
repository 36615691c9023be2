using System.Text.Json.Serialization;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="CertifierEstimator"/>.</summary>
public sealed record CertifierOptions
{
    /// <summary>What is certified; at least one, with distinct names. Required.</summary>
    public required IReadOnlyList<CertifiedProperty> Properties { get; init; }

    /// <summary>Label probabilities (12). Default: 95 % pass, 5 % fail.</summary>
    public LabelPolicy Policy { get; init; } = new();

    /// <summary>How labels follow from the calibration rows. Default <see cref="Calibration.Conformal"/>.</summary>
    public Calibration Calibration { get; init; } = Calibration.Conformal;

    /// <summary>How the certificates make one verdict. Default: all must pass, as in the source.</summary>
    public JointPolicy Joint { get; init; } = new();

    /// <summary>Column whose values calibrate apart from each other: text, key, <see cref="bool"/> or an integer. None when null.</summary>
    public string? GroupColumnName { get; init; }

    /// <summary>
    /// Calibration rows that a group needs for a calibration of its own, at least 1; others fall back. When null, the number below which
    /// the levels asked cannot be reached: ⌈1/p − 1⌉ for the smallest level p, ⌈2/p − 1⌉ two-sided, more with a confidence, and 1 where no level is asked.
    /// </summary>
    public int? MinimumPerGroup { get; init; }

    /// <summary>What happens to rows of groups without a calibration of their own. Default: the rows of all groups judge them.</summary>
    public GroupFallback GroupFallback { get; init; } = GroupFallback.Pooled;

    /// <summary>
    /// Column that says whose row it is, of a patient or a site: text, key, <see cref="bool"/> or an integer; read when the estimator is fitted and not later. Rows of one subject are like each other, so that
    /// of each subject one row, drawn at random, calibrates: levels then hold for rows of new subjects, and ask for as many subjects as otherwise for rows. A subject counts once in every group that it has
    /// rows in. None when null: rows are taken as exchangeable.
    /// </summary>
    public string? SubjectColumnName { get; init; }

    /// <summary>
    /// ε in (0, 1): keep a bounded sketch of the calibration values in place of all of them; p-values are then at most ε too large and
    /// never too small. Null, the default, keeps all: O(N) doubles per property.
    /// </summary>
    public double? SketchError { get; init; }

    /// <summary>Rows that the calibration rows should be like, which is tested when the estimator is fitted; no test when null, the default.</summary>
    [JsonIgnore]
    public ReferenceRows? Reference { get; init; }

    /// <summary>
    /// Before the name of every appended column, so that several certifiers fit into one chain; the parts of the verdict are named with it too. The columns that
    /// properties are read from keep their names. Empty by default.
    /// </summary>
    public string OutputPrefix { get; init; } = "";

    /// <summary>The same with properties named as the columns are.</summary>
    internal CertifierOptions Prefixed() => OutputPrefix.Length == 0 ? this : this with { Properties = [.. Properties.Select(p => p with { Name = OutputPrefix + p.Name, ColumnName = p.Column })] };

    internal LabelPolicy PolicyOf(CertifiedProperty property) => property.Policy ?? Policy;

    /// <summary>The rows a group needs.</summary>
    internal int RowsPerGroup() => MinimumPerGroup ?? RowsNeeded();

    /// <summary>The calibration rows that all levels together need, that of the joint rule included.</summary>
    internal int RowsNeeded()
    {
        if (Calibration == Calibration.Paper)
            return 1;
        var tested = Properties.Where(p => p.Limits is null).ToArray();
        var needed = 1;
        foreach (var property in tested)
        {
            var sides = property.Sides ?? Sides.Upper;
            if (PolicyOf(property) is { FailProbability: > 0 } policy)
                needed = Math.Max(needed, PropertyCertifier.RowsNeeded(policy.FailProbability, sides, policy.Confidence));
            if (Joint.Rule != JointRule.AllPass)
                needed = Math.Max(needed, PropertyCertifier.RowsNeeded(Joint.FamilyLevel / tested.Length, sides, PropertyCertifier.JointConfidence(PolicyOf(property), tested.Length)));
        }

        return needed;
    }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Properties);
        if (Properties.Count == 0)
            throw new ArgumentException($"{nameof(Properties)} is empty; name at least one property to certify.");
        ArgumentNullException.ThrowIfNull(Policy);
        ArgumentNullException.ThrowIfNull(Joint);
        ArgumentNullException.ThrowIfNull(OutputPrefix);
        if (OutputPrefix.Contains(CertificateColumns.PartSeparator, StringComparison.Ordinal))
            throw new ArgumentException($"{nameof(OutputPrefix)} = '{OutputPrefix}' holds \"{CertificateColumns.PartSeparator}\", which separates names in {CertificateColumns.FailedParts} and {CertificateColumns.WarnedParts}. Choose a prefix without it.");
        if (Properties.Contains(null!))
            throw new ArgumentException($"{nameof(Properties)} holds null; every element must be a property.");
        if (Properties.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{nameof(Properties)}: the property '{twice.Key}' is given twice; names must be distinct.");
        foreach (var property in Properties)
            property.Validate();
        Policy.Validate();
        Joint.Validate();
        Reference?.Validate();
        if (MinimumPerGroup is < 1)
            throw new ArgumentException($"{nameof(MinimumPerGroup)} = {MinimumPerGroup} is out of range; it must be at least 1.");
        if (!Enum.IsDefined(Calibration))
            throw new ArgumentException($"{nameof(Calibration)} = {Calibration} is not a {nameof(Certifiers.Calibration)}.");
        if (GroupColumnName is not null && string.IsNullOrWhiteSpace(GroupColumnName))
            throw new ArgumentException($"{nameof(GroupColumnName)} is empty; it must name a column, or be null for no groups.");
        if (SubjectColumnName is not null && string.IsNullOrWhiteSpace(SubjectColumnName))
            throw new ArgumentException($"{nameof(SubjectColumnName)} is empty; it must name a column, or be null where rows are exchangeable.");
        if (!Enum.IsDefined(GroupFallback))
            throw new ArgumentException($"{nameof(GroupFallback)} = {GroupFallback} is not a {nameof(Certifiers.GroupFallback)}.");
        if (SketchError is { } error && !(error > 0 && error < 1))
            throw new ArgumentException($"{nameof(SketchError)} = {error} is out of range; it must lie in (0, 1).");
    }
}
