namespace XaiL2O.Certifiers;

/// <summary>Judges rows and gathers what a report shows of them: O(rows) doubles per property. Not for use from several threads.</summary>
public sealed class ReportBuilder
{
    private readonly Certifier[] certifiers;
    private readonly PropertyCertifier[] properties;
    private readonly string title;
    private readonly Dictionary<string, string> descriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<int, double> errors = []; // by row
    private readonly List<(string Set, string Group, string Name, double[] Values, Verdict Verdict)> rows = [];

    /// <summary>Starts a report.</summary>
    /// <param name="certifier">The calibrated certifier.</param>
    /// <param name="title">Title.</param>
    public ReportBuilder(Certifier certifier, string title)
        : this([certifier ?? throw new ArgumentNullException(nameof(certifier))], title)
    {
    }

    /// <summary>Starts a report on several certifiers that judge the same rows: a row is trustworthy if all say so.</summary>
    /// <param name="certifiers">The calibrated certifiers of a chain, in its order; none for a report on bounds, selections and gaps alone.</param>
    /// <param name="title">Title.</param>
    public ReportBuilder(IReadOnlyList<Certifier> certifiers, string title)
    {
        ArgumentNullException.ThrowIfNull(certifiers);
        ArgumentException.ThrowIfNullOrWhiteSpace(title);
        (this.certifiers, this.title) = ([.. certifiers], title);
        properties = [.. certifiers.SelectMany(c => c.Properties)];
    }

    /// <summary>A sentence or two on model and data.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Worst rows that are listed, at least 0.</summary>
    public int WorstRows
    {
        get;
        init => field = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, $"{nameof(WorstRows)} = {value} is out of range; it must be at least 0.");
    } = 10;

    /// <summary>What <see cref="AddError"/> is told, with its unit, for instance <c>PRD in percent</c>.</summary>
    public string ErrorName { get; init; } = "error";

    /// <summary>Says how wrong the row added last is, where the truth is known.</summary>
    /// <param name="error">At least 0, small is good.</param>
    public void AddError(double error)
    {
        if (rows.Count == 0)
            throw new InvalidOperationException("There is no row that the error could belong to; add the row first.");
        errors[rows.Count - 1] = error;
    }

    /// <summary>Says what a property is computed from.</summary>
    /// <param name="property">Name of the property.</param>
    /// <param name="description">Text.</param>
    public void Describe(string property, string description) => descriptions[property] = description;

    /// <summary>Judges an evaluated row.</summary>
    /// <param name="values">One value per property, in order.</param>
    /// <param name="set">Set that the row is counted in; empty for none.</param>
    /// <param name="name">Name of the row.</param>
    /// <param name="group">Calibration group, for every certifier that has groups.</param>
    public void Add(ReadOnlySpan<double> values, string set, string name, string? group = null) =>
        AddGrouped(values, set, name, [.. certifiers.Select(_ => group)]);

    /// <summary>Judges an evaluated row whose calibration groups differ by certifier.</summary>
    /// <param name="values">One value per property of every certifier, in order.</param>
    /// <param name="set">Set that the row is counted in; empty for none.</param>
    /// <param name="name">Name of the row.</param>
    /// <param name="groups">Calibration group for each certifier; null where it has none.</param>
    /// <param name="distrustedBy">What else does not trust the row, which then fails by this name though no certificate may; null for nothing.</param>
    public void AddGrouped(ReadOnlySpan<double> values, string set, string name, IReadOnlyList<string?> groups, string? distrustedBy = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (values.Length != properties.Length || groups.Count != certifiers.Length)
            throw new ArgumentException($"{properties.Length} property values and {certifiers.Length} groups are needed; got {values.Length} and {groups.Count}.", nameof(values));
        var verdicts = new Verdict[certifiers.Length];
        var at = 0;
        for (var i = 0; i < certifiers.Length; i++)
        {
            verdicts[i] = certifiers[i].Certify(values.Slice(at, certifiers[i].Properties.Count), groups[i]);
            at += certifiers[i].Properties.Count;
        }

        var verdict = verdicts.Length == 0 ? new Verdict([]) : Verdict.Combine(verdicts);
        if (distrustedBy is not null && verdict.Trustworthy)
            verdict = new Verdict(verdict.Certificates, [distrustedBy], verdict.WarnedParts, verdict.JointPValue, $"{distrustedBy} says that the row is not to be trusted. {verdict.Explanation}".TrimEnd());
        rows.Add((set, (Grouped is null ? null : groups[Array.IndexOf(certifiers, Grouped)]) ?? "", name, values.ToArray(), verdict));
    }

    /// <summary>The certifier whose groups the report shows: the last that has some; null where none has.</summary>
    private Certifier? Grouped => Array.FindLast(certifiers, c => c.Groups.Count > 0);

    private static IEnumerable<KeyValuePair<string, Certifier>> GroupsOf(Certifier? certifier) => certifier is null ? [] : certifier.Groups.OrderBy(g => g.Key, StringComparer.Ordinal);

    /// <summary>The report of the rows so far.</summary>
    public CertificateReport Build() => new()
    {
        Title = title,
        Summary = Summary,
        Joint = certifiers.LastOrDefault()?.Joint ?? new JointPolicy(),
        EarlierJoint = [.. certifiers.SkipLast(1).Select(c => c.Joint)],
        Fallback = Grouped?.Fallback ?? GroupFallback.Pooled,
        CalibrationGroups = GroupsOf(Grouped).ToDictionary(g => g.Key, g => g.Value.Properties.Max(p => p.Distribution?.Count ?? 0)),
        Overall = Count(rows.Select(r => r.Verdict.Label)),
        Sets = CountBy(r => r.Set),
        Groups = Grouped is null ? new Dictionary<string, ReportCounts>() : CountBy(r => r.Group),
        Properties = [.. certifiers.SelectMany(c => c.Properties.Select((p, i) => (c, p, i))).Select((part, index) => Property(part.p, index, GroupsOf(part.c).Select(g => (g.Key, g.Value.Properties[part.i].FalseFailRate))))],
        ErrorName = errors.Count == 0 ? "" : ErrorName,
        Accuracy = Accuracies(),
        WorstRows =
        [
            .. rows.Where(r => r.Verdict.Label != CertificateLabel.Pass)
                .OrderByDescending(r => r.Verdict.Label)
                .ThenByDescending(r => r.Verdict.FailedParts.Count)
                .ThenBy(r => double.IsNaN(r.Verdict.JointPValue) ? 0 : r.Verdict.JointPValue)
                .ThenByDescending(r => r.Verdict.Certificates.Select(Excess).DefaultIfEmpty(0).Max())
                .Take(WorstRows)
                .Select(r => new ReportRow(r.Name, r.Set, r.Group, r.Verdict.Label, r.Verdict.JointPValue, r.Verdict.Certificates, r.Verdict.Explanation)),
        ],
    };

    private Dictionary<string, ReportAccuracy> Accuracies()
    {
        if (errors.Count == 0)
            return [];
        (string Set, CertificateLabel Label, double Error)[] known = [.. errors.OrderBy(e => e.Key).Select(e => (rows[e.Key].Set, rows[e.Key].Verdict.Label, e.Value))];
        static double Mean(IEnumerable<double> values) => values.DefaultIfEmpty(double.NaN).Average();
        return known.GroupBy(r => r.Set).Where(g => g.Key.Length > 0).Select(g => (Name: g.Key, Rows: g.ToArray())).Append(("", known)).ToDictionary(g => g.Item1, g => new ReportAccuracy(
            g.Item2.Length,
            Mean(g.Item2.Select(r => r.Error)),
            Mean(g.Item2.Where(r => r.Label != CertificateLabel.Fail).Select(r => r.Error)),
            Mean(g.Item2.Where(r => r.Label == CertificateLabel.Fail).Select(r => r.Error))));
    }

    private ReportProperty Property(PropertyCertifier property, int index, IEnumerable<(string Group, RateGivenCalibration? Rate)> groups)
    {
        var calibration = property.Compared.SelectMany(d => d.Values.ToArray());
        var sets = rows.GroupBy(r => r.Set).Select(g => (
            Name: g.Key.Length == 0 ? HistogramBins.NoSet : g.Key,
            Values: g.Select(r => r.Values[index]).ToArray(),
            FailShare: Count(g.Select(r => r.Verdict.Certificates[index].Label)).FailRate)).ToArray();
        var (edges, logarithmic) = HistogramBins.Edges([.. calibration, .. sets.SelectMany(s => s.Values), property.FailThreshold, property.LowerFailThreshold]);
        return new ReportProperty
        {
            Name = property.Name,
            Description = descriptions.GetValueOrDefault(property.Name, ""),
            Cause = property.Cause,
            Calibration = property.Limits is null ? property.Calibration : null,
            Policy = property.Limits is null ? property.Policy : null,
            FalseFailRate = property.FalseFailRate,
            GroupFalseFailRates = groups.Where(g => g.Rate is not null).ToDictionary(g => g.Group, g => g.Rate!),
            Sides = property.Sides,
            Source = property.Source,
            CalibrationRows = property.Compared.Length == 0 ? 0 : property.Compared.Min(d => d.Count),
            RankError = property.Compared.Length == 0 ? 0 : property.Compared.Max(d => d.RankError),
            WarnLimit = property.WarnThreshold,
            FailLimit = property.FailThreshold,
            LowerWarnLimit = property.LowerWarnThreshold,
            LowerFailLimit = property.LowerFailThreshold,
            FailedBelow = rows.Count(r => r.Verdict.Certificates[index] is { Label: CertificateLabel.Fail } c && c.Value < c.LowerFailLimit),
            FailedNotFinite = rows.Count(r => r.Verdict.Certificates[index] is { Label: CertificateLabel.Fail } c && !double.IsFinite(c.Value)),
            Counts = Count(rows.Select(r => r.Verdict.Certificates[index].Label)),
            BinEdges = edges,
            Logarithmic = logarithmic,
            Histograms =
            [
                .. property.Compared.Select((d, i) => new ReportHistogram(CalibrationName(property, i), d.Count, 0, FailShare(d, property), HistogramBins.Shares(d, edges)) { IsCalibration = true }),
                .. sets.Select(s => HistogramBins.Of(s.Name, s.Values, s.FailShare, edges)),
            ],
        };
    }

    private static string CalibrationName(PropertyCertifier property, int index) =>
        property.Source == CalibrationSource.Inferences ? "calibration" : property.Source == CalibrationSource.Truths || index == 1 ? "calibration, truths" : "calibration, inferences";

    /// <summary>How far a value is beyond the limit on its side, as a ratio.</summary>
    private static double Excess(Certificate certificate)
    {
        if (!PropertyCertifier.IsValue(certificate.Value))
            return double.MaxValue;
        if (certificate.Value < certificate.LowerFailLimit)
            return certificate.Value > 0 ? certificate.LowerFailLimit / certificate.Value : double.MaxValue;
        return certificate.FailLimit > 0 ? certificate.Value / certificate.FailLimit : certificate.Value;
    }

    private static ReportCounts Count(IEnumerable<CertificateLabel> labels)
    {
        var counts = new int[3];
        foreach (var label in labels)
            counts[(int)label]++;
        return new ReportCounts(counts[0], counts[1], counts[2]);
    }

    private Dictionary<string, ReportCounts> CountBy(Func<(string Set, string Group, string Name, double[] Values, Verdict Verdict), string> key) =>
        rows.GroupBy(key).Where(g => g.Key.Length > 0).ToDictionary(g => g.Key, g => Count(g.Select(r => r.Verdict.Label)));

    /// <summary>Share of the calibration values beyond the limits.</summary>
    private static double FailShare(CalibrationDistribution distribution, PropertyCertifier property)
    {
        var above = double.IsFinite(property.FailThreshold) ? 1 - distribution.Cdf(property.FailThreshold) : 0;
        var below = double.IsFinite(property.LowerFailThreshold) ? (double)distribution.CountStrictlyBelow(property.LowerFailThreshold) / distribution.Count : 0;
        return above + below;
    }
}
