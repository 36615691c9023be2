namespace XaiL2O.Certifiers;

/// <summary>Judges several properties of one inference together. Immutable; can be used from many threads.</summary>
public sealed class Certifier
{
    private readonly PropertyCertifier[] properties;
    private readonly Dictionary<string, Certifier> groups;
    private readonly Certifier? unknownGroup;
    private readonly bool refuses;
    private readonly int tests;

    /// <summary>The p-value up to which a property fails jointly, while a number of tests is left; empty where each is judged by itself.</summary>
    private readonly double[][] jointLevels = [];

    /// <summary>Creates the certifier.</summary>
    /// <param name="properties">At least one, with distinct names.</param>
    /// <param name="joint">Rule of the joint verdict; <see cref="JointRule.AllPass"/> when null.</param>
    /// <param name="groups">
    /// Certifiers of groups, each with the same properties, calibrated on the rows of its group alone (Mondrian conformal prediction: Vovk,
    /// Gammerman and Shafer, <i>Algorithmic Learning in a Random World</i>, 2005, doi 10.1007/b106715): the guarantee then holds within each.
    /// </param>
    /// <param name="fallback">What happens to rows of other groups.</param>
    /// <exception cref="ArgumentException">
    /// No properties, or a name twice; a joint rule over p-values with <see cref="Calibration.Paper"/>, or with too few calibration values.
    /// </exception>
    public Certifier(
        IEnumerable<PropertyCertifier> properties,
        JointPolicy? joint = null,
        IReadOnlyDictionary<string, Certifier>? groups = null,
        GroupFallback fallback = GroupFallback.Pooled)
        : this(properties, joint ?? new JointPolicy(), refuses: false)
    {
        if (groups is null)
            return;
        foreach (var (key, group) in groups)
        {
            if (group.groups.Count > 0 || !group.properties.Select(p => p.Name).SequenceEqual(this.properties.Select(p => p.Name)))
                throw new ArgumentException($"The certifier of group '{key}' must have the same properties in the same order, and no groups of its own.", nameof(groups));
            this.groups.Add(key, group);
        }

        Fallback = fallback;
        unknownGroup = fallback == GroupFallback.Fail ? new Certifier(this.properties, Joint, refuses: true) : this;
    }

    private Certifier(IEnumerable<PropertyCertifier> properties, JointPolicy joint, bool refuses)
    {
        ArgumentNullException.ThrowIfNull(properties);
        joint.Validate();
        this.properties = [.. properties];
        (Joint, this.refuses, groups) = (joint, refuses, new Dictionary<string, Certifier>(StringComparer.Ordinal));
        if (this.properties.Length == 0)
            throw new ArgumentException("A certifier needs at least one property.", nameof(properties));
        if (this.properties.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"The property '{twice.Key}' is given twice; names must be distinct.", nameof(properties));
        tests = this.properties.Count(p => p.Limits is null);
        if (joint.Rule == JointRule.AllPass)
            return;
        foreach (var property in this.properties.Where(p => p.Limits is null))
        {
            if (property.Calibration == Calibration.Paper)
                throw new ArgumentException($"{joint.Rule} adjusts p-values, and '{property.Name}' is calibrated by {nameof(Calibration.Paper)}, which gives none that is valid. Use {nameof(Calibration.Conformal)}, or {nameof(JointRule.AllPass)}.", nameof(joint));
            property.RequireCount(joint.FamilyLevel / tests, PropertyCertifier.JointConfidence(property.Policy, tests), $"fail rows at family level {joint.FamilyLevel} over {tests} properties", nameof(JointPolicy.FamilyLevel));
        }

        jointLevels = [.. this.properties.Select(p => Enumerable.Range(0, tests + 1).Select(left => left == 0 || p.Limits is not null ? double.NaN : p.JointLevel(joint.FamilyLevel / left, tests)).ToArray())];
    }

    /// <summary>The properties in order; calibrated on all rows.</summary>
    public IReadOnlyList<PropertyCertifier> Properties => properties;

    /// <summary>Rule of the joint verdict.</summary>
    public JointPolicy Joint { get; }

    /// <summary>Certifiers of groups; empty without groups.</summary>
    public IReadOnlyDictionary<string, Certifier> Groups => groups;

    /// <summary>What happens to rows of groups without a certifier.</summary>
    public GroupFallback Fallback { get; }

    /// <summary>The certifier that judges the rows of a group: its own, or by the fallback. This one where there are no groups.</summary>
    /// <param name="group">Group.</param>
    public Certifier ForGroup(ReadOnlySpan<char> group) =>
        unknownGroup is null ? this : groups.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(group, out var own) ? own : unknownGroup;

    /// <summary>Judges the values of one inference.</summary>
    /// <param name="values">One value per property, in order.</param>
    /// <param name="group">Group of the row; without effect where the certifier has no groups.</param>
    /// <exception cref="ArgumentException">The number of values differs from the number of properties.</exception>
    public Verdict Certify(ReadOnlySpan<double> values, string? group = null)
    {
        var judge = ForGroup(group);
        var (certificates, failed) = (new Certificate[properties.Length], new bool[properties.Length]);
        var outcome = judge.Judge(values, certificates, failed);
        return new Verdict(
            certificates,
            certificates.Where((_, i) => failed[i]).Select(c => c.Name),
            certificates.Where((c, i) => !failed[i] && c.Label != CertificateLabel.Pass).Select(c => c.Name),
            outcome.JointPValue,
            judge.Explain(certificates, failed, judge == this ? null : group));
    }

    /// <summary>Judges the values of one row without allocating.</summary>
    /// <param name="values">One value per property, in order.</param>
    /// <param name="certificates">Receives the certificates, each with the label at its own level.</param>
    /// <param name="failed">Receives whether each part failed under the joint rule.</param>
    /// <exception cref="ArgumentException">A span's length differs from the number of properties.</exception>
    public JointOutcome Judge(ReadOnlySpan<double> values, Span<Certificate> certificates, Span<bool> failed)
    {
        if (values.Length != properties.Length)
            throw new ArgumentException($"{properties.Length} property values are needed; got {values.Length}.", nameof(values));
        if (certificates.Length != properties.Length || failed.Length != properties.Length)
            throw new ArgumentException($"Room for {properties.Length} certificates is needed; got {certificates.Length} and {failed.Length}.", nameof(certificates));
        if (refuses)
        {
            for (var i = 0; i < properties.Length; i++)
                (certificates[i], failed[i]) = (new Certificate(properties[i].Name, values[i], double.NaN, CertificateLabel.Fail), true);
            return new JointOutcome(false, double.NaN);
        }

        var (smallest, any) = (double.NaN, false);
        for (var i = 0; i < properties.Length; i++)
        {
            var certificate = certificates[i] = properties[i].Certify(values[i]);
            if (properties[i].Limits is null && !(certificate.PValue >= smallest))
                smallest = certificate.PValue;
            // What is no property value, or above an absolute limit, fails whatever the other parts say.
            failed[i] = certificate.Label == CertificateLabel.Fail
                && (Joint.Rule == JointRule.AllPass || properties[i].Limits is not null || !PropertyCertifier.IsValue(values[i]));
            any |= failed[i];
        }

        if (Joint.Rule == JointRule.Bonferroni)
        {
            for (var i = 0; i < properties.Length; i++)
                any |= failed[i] |= certificates[i].PValue <= jointLevels[i][tests] + PropertyCertifier.Slack;
        }
        else if (Joint.Rule == JointRule.Holm)
        {
            any |= StepDown(certificates, failed);
        }

        return new JointOutcome(!any, Math.Min(1, tests * smallest));
    }

    /// <summary>The text of <see cref="Verdict.Explanation"/> for a judged row.</summary>
    /// <param name="certificates">What <see cref="Judge"/> gave.</param>
    /// <param name="failed">What <see cref="Judge"/> gave.</param>
    /// <param name="group">Group of the row, to be named; null for none.</param>
    public string Explain(ReadOnlySpan<Certificate> certificates, ReadOnlySpan<bool> failed, string? group = null)
    {
        var sentences = new List<string>();
        for (var i = 0; i < properties.Length; i++)
        {
            if (failed[i] || certificates[i].Label != CertificateLabel.Pass)
                sentences.Add(refuses ? Explanations.NotCalibrated(certificates[i], group) : Explanations.Of(properties[i], certificates[i], failed[i], group));
        }

        return string.Join(" ", sentences);
    }

    /// <summary>Holm's procedure: p-values are compared with level/(number left) until none more is rejected.</summary>
    private bool StepDown(ReadOnlySpan<Certificate> certificates, Span<bool> failed)
    {
        var (any, rejected) = (false, 0);
        while (true)
        {
            var now = 0;
            for (var i = 0; i < properties.Length; i++)
            {
                if (!(certificates[i].PValue <= jointLevels[i][tests - rejected] + PropertyCertifier.Slack))
                    continue;
                any = failed[i] = true;
                now++;
            }

            if (now <= rejected || now == tests)
                return any;
            rejected = now;
        }
    }

    /// <summary>What every property fails at by itself, and how often by chance given the calibration rows: a line for each, of groups after those of all rows, and one for a joint rule.</summary>
    public override string ToString() =>
        string.Join(Environment.NewLine, properties.Select(p => p.ToString()).Concat(Joint.Rule == JointRule.AllPass ? [] : [$"Together, rows fail by the rule {Joint.Rule}, whose limits are not those of the properties by themselves."]).Concat(groups.OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(g => g.Value.properties.Select(p => $"Group {g.Key}, {p}"))));
}
