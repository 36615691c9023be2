using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Calibration values of every property, overall and by group: gathered from rows or from a stored model.</summary>
internal sealed class CalibrationData
{
    private readonly CalibrationValues[] pooled;
    private readonly Dictionary<string, CalibrationValues[]> groups;

    public CalibrationData(CalibrationValues[] pooled, Dictionary<string, CalibrationValues[]> groups) => (this.pooled, this.groups) = (pooled, groups);

    public static CalibrationData Read(IDataView input, CertifierOptions options)
    {
        // One entry per property, and one more for the truths where labels compare with them.
        var read = options.Properties.SelectMany((p, i) => p.OfTruth is { } truth ? [(p, i), (truth, i)] : ((CertifiedProperty Property, int Index)[])[(p, i)]).ToArray();
        Gatherer[] Gatherers() => [.. read.Select(r => new Gatherer(r.Property, options.SketchError))];
        CalibrationValues[] Values(Gatherer[] gatherers) =>
        [
            .. gatherers.Zip(read).GroupBy(g => g.Second.Index).OrderBy(g => g.Key)
                .Select(g => new CalibrationValues(g.First().First.ToDistribution(), g.Skip(1).FirstOrDefault().First?.ToDistribution())),
        ];

        var columns = read.SelectMany(r => r.Property.Columns).Concat(new[] { options.GroupColumnName, options.SubjectColumnName }.OfType<string>()).Select(name => input.Schema[name]).DistinctBy(c => c.Index);
        var all = Gatherers();
        var subjects = options.SubjectColumnName is null ? null : new SubjectDraws();
        var byGroup = new Dictionary<string, Gatherer[]>(StringComparer.Ordinal);
        var lookup = byGroup.GetAlternateLookup<ReadOnlySpan<char>>();
        using (var cursor = input.GetRowCursor(columns))
        {
            var getters = read.Select(r => PropertyGetter.Create(cursor, r.Property)).ToArray();
            var group = options.GroupColumnName is { } name ? GroupReader.Create(cursor, input.Schema[name]) : null;
            var subject = options.SubjectColumnName is { } whose ? GroupReader.Create(cursor, input.Schema[whose]) : null;
            var values = new double[getters.Length];
            while (cursor.MoveNext())
            {
                Interruption.Check();
                Gatherer[]? own = null;
                if (group is not null)
                {
                    var key = group.Read().Span;
                    if (!lookup.TryGetValue(key, out own))
                        byGroup[key.ToString()] = own = Gatherers();
                }

                for (var i = 0; i < getters.Length; i++)
                    values[i] = getters[i]();
                if (subjects is not null)
                {
                    subjects.Offer(subject!.Read(), own is null ? [all] : [all, own], values);
                    continue;
                }

                for (var i = 0; i < values.Length; i++)
                {
                    all[i].Add(values[i]);
                    own?[i].Add(values[i]);
                }
            }
        }

        subjects?.Close(options);

        var needed = options.RowsPerGroup();
        return new CalibrationData(
            Values(all),
            byGroup.Where(g => g.Value.Max(v => v.Count) >= needed).ToDictionary(g => g.Key, g => Values(g.Value), StringComparer.Ordinal));
    }

    public Certifier Calibrate(CertifierOptions options) => new(
        Certifiers(options, pooled, ""),
        options.Joint,
        options.GroupColumnName is null ? null : groups.ToDictionary(g => g.Key, g => new Certifier(Certifiers(options, g.Value, $" of the group '{g.Key}'"), options.Joint)),
        options.GroupFallback);

    /// <summary>Throws unless there are enough rows for every property and for the joint rule: told one after the other, each would ask for more.</summary>
    /// <exception cref="InvalidOperationException">There are too few; the message says how many are needed for all of it.</exception>
    public void RequireRows(CertifierOptions options)
    {
        RequireRows(options, pooled, "");
        foreach (var (key, values) in groups)
            RequireRows(options, values, $" of the group '{key}'");
    }

    private static void RequireRows(CertifierOptions options, CalibrationValues[] values, string of)
    {
        if (options.SubjectColumnName is { } subject)
            of += $", one of each subject of '{subject}'";
        var needed = options.RowsNeeded();
        for (var i = 0; i < values.Length; i++)
        {
            var property = options.Properties[i];
            if (property.Limits is not null || values[i].Inferences is not { } known || known.Count >= needed)
                continue;
            var joint = options.Joint.Rule == JointRule.AllPass ? "" : $", and so that {options.Joint.Rule} keeps the family level {options.Joint.FamilyLevel} over {options.Properties.Count(p => p.Limits is null)} properties";
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The property '{property.Name}' (column '{string.Join("', '", property.Columns)}') cannot be calibrated on these rows{of}: there are {known.Count}, and at least {needed} are needed so that every property can fail at its own level, two-sided ones on either side{joint}: no conformal p-value of N rows is below 1/(N + 1), and a confidence asks for more. Calibrate on at least {needed} rows, raise {nameof(LabelPolicy.FailProbability)} or {nameof(JointPolicy.FamilyLevel)}, certify fewer properties, or let only large values fail ({nameof(Sides)}.{nameof(Sides.Upper)})."));
        }
    }

    private static List<PropertyCertifier> Certifiers(CertifierOptions options, CalibrationValues[] values, string of) =>
    [
        .. options.Properties.Select((property, i) =>
        {
            try
            {
                var cause = property.Cause ?? "";
                return property.Limits is { } limits
                    ? new PropertyCertifier(property.Name, limits, values[i].Inferences, property.Tolerance) { Cause = cause }
                    // A model stored before there were sides says nothing of them, and counted large values only.
                    : new PropertyCertifier(property.Name, values[i].Inferences!, options.PolicyOf(property), options.Calibration, property.Tolerance, property.Sides ?? Sides.Upper, property.CalibrateOn, values[i].Truths) { Cause = cause };
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The property '{property.Name}' (column '{string.Join("', '", property.Columns)}') cannot be calibrated on these rows{of}. {e.Message}", e);
            }
        }),
    ];

    /// <summary>One row of each subject, and of each in a group, drawn at random while rows pass by: the k-th takes the place of the one before with probability 1/k.</summary>
    private sealed class SubjectDraws
    {
        private readonly Random random = new(1);
        private readonly Dictionary<(string Subject, Gatherer[] Of), (int Seen, double[] Values)> drawn = [];
        private int rows;
        private int nameless;

        public void Offer(ReadOnlyMemory<char> subject, ReadOnlySpan<Gatherer[]> parts, double[] values)
        {
            rows++;
            nameless += subject.Length == 0 ? 1 : 0;
            var name = subject.ToString();
            foreach (var part in parts)
            {
                ref var place = ref CollectionsMarshal.GetValueRefOrAddDefault(drawn, (name, part), out _);
                place.Seen++;
                if (random.Next(place.Seen) == 0)
                    place.Values = [.. values];
            }
        }

        /// <summary>Hands the rows on.</summary>
        public void Close(CertifierOptions options)
        {
            GroupReader.RequireSubjects(options.SubjectColumnName!, nameless, rows);
            foreach (var (key, (_, values)) in drawn)
            {
                for (var i = 0; i < values.Length; i++)
                    key.Of[i].Add(values[i]);
            }
        }
    }

    /// <summary>Values of one property: all of them, or a sketch.</summary>
    private sealed class Gatherer(CertifiedProperty property, double? sketchError)
    {
        private readonly List<double> values = [];
        private readonly QuantileSketch? sketch = sketchError is { } error ? new QuantileSketch(error) : null;
        private long odd;
        private long rows;

        public long Count => rows;

        public void Add(double value)
        {
            rows++;
            if (!double.IsFinite(value))
                odd++;
            else if (sketch is not null)
                sketch.Add(value);
            else
                values.Add(value);
        }

        public CalibrationDistribution? ToDistribution()
        {
            // Limits need no calibration values, so odd ones do no harm there.
            if (property.Limits is not null && odd == rows)
                return null;
            if (odd > 0 && property.Limits is null)
                throw new InvalidOperationException($"The property '{property.Name}' (column '{string.Join("', '", property.Columns)}') cannot be calibrated on these rows: {odd} of {rows} values are NaN or infinite{(property.Function is { Requirement: { Length: > 0 } needs } ? $". {needs} Or remove those rows" : "; remove those rows")} before calibrating.");
            if (rows == 0)
                throw new InvalidOperationException($"The property '{property.Name}' cannot be calibrated: there are no rows.");
            return sketch is null ? new EmpiricalDistribution(values) : sketch.ToDistribution();
        }
    }
}
