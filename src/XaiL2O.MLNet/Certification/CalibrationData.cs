using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Calibration values of every property, overall and by group: gathered from rows or from a stored model.</summary>
internal sealed class CalibrationData
{
    private readonly CalibrationDistribution?[] pooled;
    private readonly Dictionary<string, CalibrationDistribution?[]> groups;

    public CalibrationData(CalibrationDistribution?[] pooled, Dictionary<string, CalibrationDistribution?[]> groups) => (this.pooled, this.groups) = (pooled, groups);

    public static CalibrationData Read(IDataView input, CertifierOptions options)
    {
        var columns = options.Properties.SelectMany(p => p.Columns).Concat(options.GroupColumnName is { } g ? [g] : []).Select(name => input.Schema[name]).DistinctBy(c => c.Index);
        var all = Gatherers(options);
        var byGroup = new Dictionary<string, Gatherer[]>(StringComparer.Ordinal);
        var lookup = byGroup.GetAlternateLookup<ReadOnlySpan<char>>();
        using (var cursor = input.GetRowCursor(columns))
        {
            var getters = options.Properties.Select(p => PropertyGetter.Create(cursor, p)).ToArray();
            var group = options.GroupColumnName is { } name ? GroupReader.Create(cursor, input.Schema[name]) : null;
            while (cursor.MoveNext())
            {
                Gatherer[]? own = null;
                if (group is not null)
                {
                    var key = group.Read().Span;
                    if (!lookup.TryGetValue(key, out own))
                        byGroup[key.ToString()] = own = Gatherers(options);
                }

                for (var i = 0; i < getters.Length; i++)
                {
                    var value = getters[i]();
                    all[i].Add(value);
                    own?[i].Add(value);
                }
            }
        }

        var needed = options.RowsPerGroup();
        return new CalibrationData(
            [.. all.Select(a => a.ToDistribution())],
            byGroup.Where(g => g.Value.Max(v => v.Count) >= needed).ToDictionary(g => g.Key, g => g.Value.Select(v => v.ToDistribution()).ToArray(), StringComparer.Ordinal));
    }

    public Certifier Calibrate(CertifierOptions options) => new(
        Certifiers(options, pooled, ""),
        options.Joint,
        options.GroupColumnName is null ? null : groups.ToDictionary(g => g.Key, g => new Certifier(Certifiers(options, g.Value, $" of the group '{g.Key}'"), options.Joint)),
        options.GroupFallback);

    private static Gatherer[] Gatherers(CertifierOptions options) =>
        [.. options.Properties.Select(p => new Gatherer(p, options.SketchError))];

    private static List<PropertyCertifier> Certifiers(CertifierOptions options, CalibrationDistribution?[] distributions, string of) =>
    [
        .. options.Properties.Select((property, i) =>
        {
            try
            {
                var cause = property.Cause ?? "";
                return property.Limits is { } limits
                    ? new PropertyCertifier(property.Name, limits, distributions[i], property.Tolerance) { Cause = cause }
                    : new PropertyCertifier(property.Name, distributions[i]!, options.PolicyOf(property), options.Calibration, property.Tolerance) { Cause = cause };
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The property '{property.Name}' (column '{string.Join("', '", property.Columns)}') cannot be calibrated on these rows{of}. {e.Message}", e);
            }
        }),
    ];

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
                throw new InvalidOperationException($"The property '{property.Name}' (column '{string.Join("', '", property.Columns)}') cannot be calibrated on these rows: {odd} of {rows} values are NaN or infinite; remove those rows before calibrating.");
            if (rows == 0)
                throw new InvalidOperationException($"The property '{property.Name}' cannot be calibrated: there are no rows.");
            return sketch is null ? new EmpiricalDistribution(values) : sketch.ToDistribution();
        }
    }
}
