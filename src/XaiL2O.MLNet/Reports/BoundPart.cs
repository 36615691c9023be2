using System.Globalization;
using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Reads bounds and, where the rows have it, the truth.</summary>
internal sealed class BoundPart : IReportPart
{
    private readonly ErrorBoundTransformer bound;
    private readonly ErrorBoundOptions options;
    private readonly string[] appended;
    private readonly bool byDistance;
    private readonly bool hasTruth;
    private readonly bool hasGroups;
    private readonly List<BoundedRow> rows = [];

    private BoundPart(ErrorBoundTransformer bound, ErrorBoundOptions options, DataViewSchema schema)
    {
        (this.bound, this.options) = (bound, options);
        appended = [.. bound.OutputColumns.Select(c => c.Name)];
        // Else the truth is within an interval, or not.
        byDistance = !options.BoundsTruth(bound.IsNumber) || (options.Sides == BoundSides.Symmetric && !options.FromQuantiles);
        hasTruth = Compared.All(name => schema.GetColumnOrNull(name) is not null);
        hasGroups = options.GroupColumnName is { } group && schema.GetColumnOrNull(group) is not null;
        foreach (var name in hasTruth ? Compared : [])
            ColumnCheck.Argument(schema, name);
        foreach (var name in appended)
            ColumnCheck.Property(schema, name);
        if (hasGroups)
            ColumnCheck.Group(schema, options.GroupColumnName!);
    }

    public IEnumerable<string> ColumnNames => hasTruth ? [.. appended, .. Compared, .. hasGroups ? [options.GroupColumnName!] : (string[])[]] : [];

    /// <summary>What the bound is compared with: of an interval, the truth alone.</summary>
    private string[] Compared => [.. byDistance ? (string[])[options.OutputColumnName] : [], options.ErrorColumnName ?? options.TruthColumnName];

    /// <summary>The part of a bound whose columns the rows have; null where they were dropped.</summary>
    public static BoundPart? Of(ErrorBoundTransformer bound, DataViewSchema schema, ReportOptions report) =>
        bound.OutputColumns.Any(c => schema.GetColumnOrNull(c.Name) is null) ? null
        : new BoundPart(bound, report.EstimateColumnName == bound.Options.OutputColumnName ? bound.Options with { TruthColumnName = report.TruthColumnName! } : bound.Options, schema);

    public Action<string> Open(DataViewRow row)
    {
        if (!hasTruth)
            return _ => { };
        var read = byDistance ? Distances(row) : Intervals(row);
        var group = hasGroups ? GroupReader.Create(row, row.Schema[options.GroupColumnName!]) : null;
        return set =>
        {
            if (read() is { } bounded)
                rows.Add(bounded with { Set = set, Group = group?.Read().ToString() ?? "" });
        };
    }

    public CertificateReport AddTo(CertificateReport report)
    {
        var part = ReportBound.Of(Name, ActualName, rows) with
        {
            IsLower = IsLower,
            Miscoverage = options.SubjectColumnName is null ? options.Level.Miscoverage : null, // of subjects, and rows are counted here
            Promise = Promise,
            // Rows of groups have the bounds of theirs.
            Rate = bound.Intervals.Groups.Count > 0 ? null : bound.Intervals.Pooled.Rate,
            GroupRates = bound.Intervals.Groups.Where(g => g.Value.Rate is not null).OrderBy(g => g.Key, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Value.Rate!),
        };
        return report with { Bounds = [.. report.Bounds, part] };
    }

    /// <summary>The distance of inference and truth, which is at most its bound, or of a signal-to-noise ratio at least.</summary>
    private Func<BoundedRow?> Distances(DataViewRow row)
    {
        var (distances, limit) = (BoundRows.Distances(row, options, bound.IsNumber), PropertyGetter.Scalar(row, row.Schema[appended[0]]));
        return () =>
        {
            var (below, above, known) = distances();
            var actual = options.Measure.InUnit(double.IsNaN(below) ? above : Math.Max(below, above));
            var most = limit();
            return known ? new BoundedRow(actual, most, IsLower ? actual >= most : actual <= most) : null;
        };
    }

    /// <summary>Of an interval, half of its width bounds the distance of the truth from its middle; an end alone bounds the truth.</summary>
    private Func<BoundedRow?> Intervals(DataViewRow row)
    {
        var truth = PropertyGetter.Scalar(row, row.Schema[options.TruthColumnName]);
        Func<double>? End(string part) => appended.FirstOrDefault(name => name.EndsWith(part, StringComparison.Ordinal)) is { } name ? PropertyGetter.Scalar(row, row.Schema[name]) : null;
        var (lower, upper) = (End(".Lower"), End(".Upper"));
        return () =>
        {
            var y = truth();
            var (low, high) = (lower?.Invoke(), upper?.Invoke());
            if (!double.IsFinite(y))
                return null;
            if (low is { } a && high is { } b)
                return new BoundedRow(Math.Abs(y - ((a + b) / 2)), (b - a) / 2, a <= y && y <= b);
            return new BoundedRow(y, (low ?? high)!.Value, low is null ? y <= high : low <= y);
        };
    }

    private bool IsLower => byDistance ? options.Measure.Kind == ErrorMeasureKind.PeakSignalToNoise : options.Sides == BoundSides.Lower;

    private string Name => byDistance ? appended[0] : string.Join(" to ", appended.Where(name => !name.EndsWith(".ErrorBound", StringComparison.Ordinal)));

    private string ActualName
    {
        get
        {
            var (x, y) = (options.OutputColumnName, options.TruthColumnName);
            if (!byDistance)
                return options.Sides is BoundSides.Symmetric or BoundSides.TwoTailed ? $"|{y} − middle of the interval|" : y;
            return options.ErrorColumnName ?? options.Measure.Kind switch
            {
                ErrorMeasureKind.Relative => $"‖{x} − {y}‖/‖{y}‖",
                ErrorMeasureKind.MeanSquared => $"mean of ({x} − {y})²",
                ErrorMeasureKind.Largest => $"largest |{x} − {y}|",
                ErrorMeasureKind.PeakSignalToNoise => $"PSNR of {x} against {y}, dB",
                ErrorMeasureKind.Own => options.Measure.Function!.Formula($"{x} and {y}"),
                _ => bound.IsNumber ? $"|{x} − {y}|" : $"‖{x} − {y}‖",
            };
        }
    }

    private string Promise
    {
        get
        {
            var often = options.Level.Confidence is { } sure ? string.Create(CultureInfo.InvariantCulture, $"for {100 * sure:0.##} % of calibrations") : "on average over calibrations";
            var most = string.Create(CultureInfo.InvariantCulture, $"at most {100 * options.Level.Miscoverage:0.##} %");
            var promise = options.SubjectColumnName is not { } subject ? $"Of rows like the calibration rows {most} break their bound, {often}."
                : options.SubjectPromise == SubjectPromise.Row ? $"Of the rows of a new subject ('{subject}') {most} break their bound, on average over subjects, {often}."
                : $"Of new subjects ('{subject}') {most} have a row that breaks its bound, {often}; calibration rows are subjects here, each with its worst row.";
            if (options.WeightColumnName is { } weight)
                promise += string.Create(CultureInfo.InvariantCulture, $" The rows are like the calibration rows weighted by '{weight}', of which as many count as {bound.Intervals.Pooled.EffectiveSampleSize:0} rows would.");
            if (options.GroupColumnName is { } group)
                promise += $" This holds within each group of '{group}' that has a calibration of its own; rows of others {(options.GroupFallback == GroupFallback.Pooled ? "have the bound of all rows together, which promises them nothing" : "have no bound")}.";
            return options.Sides == BoundSides.TwoTailed ? promise + " The distribution below is that of one of the two ends, whose levels are half of this." : promise;
        }
    }
}
