using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="ErrorBoundEstimator"/>.</summary>
public sealed record ErrorBoundOptions
{
    /// <summary>Column with the inference: a number, or a vector of numbers. Default <c>Score</c>.</summary>
    public string OutputColumnName { get; init; } = "Score";

    /// <summary>Column with the truth, read when the bound is fitted and not later: of the same kind. Default <c>Label</c>.</summary>
    public string TruthColumnName { get; init; } = "Label";

    /// <summary>
    /// Column with errors, numbers of at least 0, in place of those that <see cref="Measure"/> makes of inference and truth; read when the bound is fitted and not later. For errors that
    /// are no function of two columns. None when null.
    /// </summary>
    public string? ErrorColumnName { get; init; }

    /// <summary>The error that is bounded. Default <see cref="ErrorMeasure.Absolute"/>, which of a number gives an interval, too.</summary>
    public ErrorMeasure Measure { get; init; } = ErrorMeasure.Absolute;

    /// <summary>The share of rows that may break their bound. Default 0.1, on average over calibrations.</summary>
    public ConformalLevel Level { get; init; } = new();

    /// <summary>On which sides a number is bounded. Default both, symmetrically.</summary>
    public BoundSides Sides { get; init; } = BoundSides.Symmetric;

    /// <summary>Column with a lower quantile of the truth, for intervals of conformalised quantile regression; with <see cref="UpperColumnName"/>.</summary>
    public string? LowerColumnName { get; init; }

    /// <summary>Column with an upper quantile of the truth.</summary>
    public string? UpperColumnName { get; init; }

    /// <summary>Which rows are hard. All alike when null, the default.</summary>
    public DifficultyModel? Difficulty { get; init; }

    /// <summary>Column whose values calibrate apart from each other: text, key, <see cref="bool"/> or an integer. None when null.</summary>
    public string? GroupColumnName { get; init; }

    /// <summary>Rows that a group needs for a calibration of its own; as many as the level needs when null.</summary>
    public int? MinimumPerGroup { get; init; }

    /// <summary>What happens to rows of groups without a calibration of their own: the bound of all groups, which promises them nothing, or none, which is ∞.</summary>
    public GroupFallback GroupFallback { get; init; } = GroupFallback.Pooled;

    /// <summary>
    /// Column with weights of rows where new ones come from elsewhere: the density of new rows against that of the calibration rows, up to a factor, for instance p/(1 − p) with the
    /// probability p of a classifier that tells both apart. None when null.
    /// </summary>
    public string? WeightColumnName { get; init; }

    /// <summary>
    /// Column that says whose row it is, for instance a patient's or a site's: text, key, <see cref="bool"/> or an integer; read when the bound is fitted and not later. Rows of one subject
    /// are like each other and not like those of a new one, so subjects are what is counted, and as many of them are needed as of rows. None when null.
    /// </summary>
    public string? SubjectColumnName { get; init; }

    /// <summary>What is promised of a new subject, with <see cref="SubjectColumnName"/>: of a row of it, the default, or of all its rows at once.</summary>
    public SubjectPromise SubjectPromise { get; init; }

    /// <summary>Rows that the calibration rows should be like, which is tested when the estimator is fitted; no test when null, the default.</summary>
    public ReferenceRows? Reference { get; init; }

    /// <summary>Before the name of every appended column, so that several bounds of one column fit into a chain. Default none.</summary>
    public string OutputPrefix { get; init; } = "";

    internal bool FromQuantiles => LowerColumnName is not null;

    /// <summary>Whether the truth itself is bounded beside its distance from the inference.</summary>
    internal bool BoundsTruth(bool isNumber) => FromQuantiles || (isNumber && ErrorColumnName is null && Measure.Kind == ErrorMeasureKind.Absolute);

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(TruthColumnName);
        ArgumentNullException.ThrowIfNull(Measure);
        ArgumentNullException.ThrowIfNull(OutputPrefix);
        ArgumentNullException.ThrowIfNull(Level);
        Level.Validate();
        Difficulty?.Validate();
        Reference?.Validate();
        foreach (var (name, value) in new[] { (nameof(ErrorColumnName), ErrorColumnName), (nameof(LowerColumnName), LowerColumnName), (nameof(UpperColumnName), UpperColumnName), (nameof(GroupColumnName), GroupColumnName), (nameof(WeightColumnName), WeightColumnName), (nameof(SubjectColumnName), SubjectColumnName) })
        {
            if (value is not null && string.IsNullOrWhiteSpace(value))
                throw new ArgumentException($"{name} is empty; it must name a column, or be null for none.");
        }

        if (!Enum.IsDefined(Sides))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Sides)} = {Sides} is not a {nameof(BoundSides)}."));
        if (!Enum.IsDefined(SubjectPromise))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(SubjectPromise)} = {SubjectPromise} is not a {nameof(Certifiers.SubjectPromise)}."));
        if (SubjectColumnName is not null && (WeightColumnName ?? GroupColumnName) is not null)
            throw new ArgumentException($"{nameof(SubjectColumnName)} excludes {nameof(WeightColumnName)} and {nameof(GroupColumnName)}: fit a bound on the rows of each group.");
        if (SubjectColumnName is not null && SubjectPromise == SubjectPromise.Row && Level.Confidence is { } sure)
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Level)}.{nameof(ConformalLevel.Confidence)} = {sure} must be null with {nameof(SubjectColumnName)} and {nameof(SubjectPromise)} = {SubjectPromise}; {nameof(SubjectPromise.EveryRow)} keeps one."));
        if (!Enum.IsDefined(GroupFallback))
            throw new ArgumentException(FormattableString.Invariant($"{nameof(GroupFallback)} = {GroupFallback} is not a {nameof(Certifiers.GroupFallback)}."));
        if (MinimumPerGroup is < 1)
            throw new ArgumentException(FormattableString.Invariant($"{nameof(MinimumPerGroup)} = {MinimumPerGroup} is out of range; it must be at least 1."));
        if ((LowerColumnName is null) != (UpperColumnName is null))
            throw new ArgumentException($"{nameof(LowerColumnName)} and {nameof(UpperColumnName)} go together; one is null.");
        if (FromQuantiles && (ErrorColumnName is not null || Measure.Kind != ErrorMeasureKind.Absolute))
            throw new ArgumentException($"{nameof(LowerColumnName)} and {nameof(UpperColumnName)} bound the truth; {nameof(Measure)} and {nameof(ErrorColumnName)} are of no use beside them.");
        if (ErrorColumnName is not null && Measure.Kind != ErrorMeasureKind.Absolute)
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Measure)} = {Measure.Kind} is of no use beside {nameof(ErrorColumnName)}, whose numbers are the errors; leave one of them at its default. Of a signal-to-noise ratio, bound the ratio from below by {nameof(Measure)} alone."));
        if (WeightColumnName is not null && GroupColumnName is not null)
            throw new ArgumentException($"{nameof(WeightColumnName)} and {nameof(GroupColumnName)} exclude each other: fit a bound with weights on the rows of each group.");
        if (WeightColumnName is not null && Level.Confidence is not null)
            throw new ArgumentException(FormattableString.Invariant($"{nameof(Level)}.{nameof(ConformalLevel.Confidence)} = {Level.Confidence} cannot be kept with {nameof(WeightColumnName)}; leave one of them null."));
    }
}
