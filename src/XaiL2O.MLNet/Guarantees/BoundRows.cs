using System.Globalization;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Reads the rows that calibrate a bound.</summary>
internal static class BoundRows
{
    private readonly record struct Row(double Below, double Above, double Weight, string Group, string Subject, float[]? Features)
    {
        /// <summary>What the difficulty learns: the larger distance, which is the error where there is one prediction.</summary>
        public double Error => double.IsNaN(Below) ? Above : Math.Max(0, Math.Max(Below, Above));
    }

    public static (BoundScores Scores, FittedDifficulty? Difficulty) Read(MLContext ml, IDataView input, ErrorBoundOptions options, bool isNumber)
    {
        var (rows, sizes) = Rows(input, options, isNumber);
        // What is exchangeable: rows, or subjects with all their rows.
        Row[][] units = options.SubjectColumnName is null ? [.. rows.Select(r => (Row[])[r])] : [.. rows.GroupBy(r => r.Subject, StringComparer.Ordinal).Select(g => g.ToArray())];
        if (options.SubjectColumnName is not null)
            Require(options, 0, units.Length);
        rows = [.. units.SelectMany(u => u)];
        FittedDifficulty? difficulty = null;
        double[] divisors = [.. rows.Select(_ => 1.0)];
        if (options.Difficulty is { } model)
        {
            var random = new Random(model.Seed);
            random.Shuffle(units.AsSpan());
            var own = (int)Math.Round(model.Share * units.Length);
            Require(options, own, units.Length);
            difficulty = FittedDifficulty.Fit(ml, model, sizes, units[..own].SelectMany(u => u).Select(r => (r.Features!, r.Error)));
            units = units[own..];
            rows = [.. units.SelectMany(u => u)];
            var features = difficulty.NewRow();
            var of = difficulty.Of(features);
            divisors = new double[rows.Length];
            for (var i = 0; i < rows.Length; i++)
            {
                rows[i].Features!.CopyTo(features.Values, 0);
                divisors[i] = of();
            }
        }

        double Score(double distance, double divisor) => double.IsPositiveInfinity(divisor) && !double.IsNaN(distance) ? 0 : distance / divisor;
        (double[] Below, double[] Above) Scores(IEnumerable<int> indices)
        {
            int[] taken = [.. indices];
            return ([.. taken.Select(i => Score(rows[i].Below, divisors[i]))], [.. taken.Select(i => Score(rows[i].Above, divisors[i]))]);
        }

        if (options.SubjectColumnName is not null)
            return (OfSubjects(options, units, Scores), difficulty);
        var all = Scores(Enumerable.Range(0, rows.Length));
        var needed = options.MinimumPerGroup ?? RowsNeeded(options);
        var groups = options.GroupColumnName is null
            ? []
            : Enumerable.Range(0, rows.Length).GroupBy(i => rows[i].Group, StringComparer.Ordinal).Where(g => g.Count() >= needed).ToDictionary(g => g.Key, Scores, StringComparer.Ordinal);
        return (new BoundScores(all.Below, all.Above, options.WeightColumnName is null ? [] : [.. rows.Select(r => r.Weight)], groups), difficulty);
    }

    /// <summary>Scores of rows whose weights are those of a subject shared among them, or of the worst row of each.</summary>
    private static BoundScores OfSubjects(ErrorBoundOptions options, Row[][] units, Func<IEnumerable<int>, (double[] Below, double[] Above)> scores)
    {
        var none = new Dictionary<string, (double[] Below, double[] Above)>();
        var rows = scores(Enumerable.Range(0, units.Sum(u => u.Length)));
        if (options.SubjectPromise == SubjectPromise.Row)
            return new BoundScores(rows.Below, rows.Above, [.. units.SelectMany(u => u.Select(_ => 1.0 / u.Length))], none);
        var (worst, at) = ((Below: new double[units.Length], Above: new double[units.Length]), 0);
        for (var u = 0; u < units.Length; at += units[u++].Length)
            (worst.Below[u], worst.Above[u]) = (Worst(rows.Below.AsSpan(at, units[u].Length)), Worst(rows.Above.AsSpan(at, units[u].Length)));
        return new BoundScores(worst.Below, worst.Above, [], none);
    }

    /// <summary>The largest; NaN where there is one.</summary>
    private static double Worst(ReadOnlySpan<double> scores) => System.Numerics.Tensors.TensorPrimitives.Max(scores);

    private static int RowsNeeded(ErrorBoundOptions options) => options.Sides == BoundSides.TwoTailed ? options.Level.Half().RowsNeeded : options.Level.RowsNeeded;

    /// <summary>Throws unless enough rows, or subjects, are left beside those of the difficulty.</summary>
    private static void Require(ErrorBoundOptions options, int own, int units)
    {
        var needed = RowsNeeded(options);
        if (units - own >= needed)
            return;
        var what = options.SubjectColumnName is { } subject ? $"subjects of '{subject}'" : "rows";
        var (why, more) = own > 0
            ? (string.Create(CultureInfo.InvariantCulture, $"of {units} {what}, {own} are of the difficulty ({nameof(DifficultyModel.Share)} = {options.Difficulty!.Share})"), Math.Ceiling((needed + 1) / (1 - options.Difficulty.Share)))
            : ($"there are {units} {what}", needed);
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The error of '{options.OutputColumnName}' cannot be bounded on these rows: {why}, and a miscoverage of {options.Level.Miscoverage} needs {needed}{(own > 0 ? " others" : "")}. Calibrate on at least {more} {what}, or raise {nameof(ConformalLevel.Miscoverage)}."));
    }

    private static (Row[] Rows, IReadOnlyList<int> Sizes) Rows(IDataView input, ErrorBoundOptions options, bool isNumber)
    {
        var names = BoundColumns.Read(options).Append(options.ErrorColumnName ?? options.TruthColumnName).Concat(options.SubjectColumnName is { } s ? [s] : []).Distinct();
        using var cursor = input.GetRowCursor(names.Select(name => input.Schema[name]));
        var distances = Distances(cursor, options, isNumber);
        var group = options.GroupColumnName is { } g ? GroupReader.Create(cursor, input.Schema[g]) : null;
        var subject = options.SubjectColumnName is { } own ? GroupReader.Create(cursor, input.Schema[own]) : null;
        var weight = options.WeightColumnName is { } w ? PropertyGetter.Scalar(cursor, input.Schema[w]) : null;
        FeatureReader? reader = null;
        var (rows, missing, nameless) = (new List<Row>(), 0, 0);
        while (cursor.MoveNext())
        {
            Interruption.Check();
            if (options.Difficulty is { } model)
                reader ??= new FeatureReader(cursor, model.ColumnNames, null);
            var (below, above, hasTruth) = distances();
            missing += hasTruth ? 0 : 1;
            var features = reader is null ? null : new float[reader.Size];
            reader?.Read(features);
            var whose = subject?.Read().ToString() ?? "";
            nameless += whose.Length == 0 ? 1 : 0;
            rows.Add(new Row(below, above, weight?.Invoke() ?? 1, group?.Read().ToString() ?? "", whose, features));
        }

        if (options.SubjectColumnName is { } of)
            GroupReader.RequireSubjects(of, nameless, rows.Count);
        if (missing > 0)
            throw new InvalidOperationException($"{missing} of {rows.Count} rows have a truth in '{options.ErrorColumnName ?? options.TruthColumnName}' that is NaN, infinite, empty or, of an error, negative; remove those rows before the bound is fitted.");
        return ([.. rows], reader?.Sizes ?? []);
    }

    /// <summary>By how much the truth is below and above what the row predicts, and whether there is a truth.</summary>
    public static Func<(double Below, double Above, bool HasTruth)> Distances(DataViewRow row, ErrorBoundOptions options, bool isNumber)
    {
        if (options.ErrorColumnName is { } error)
        {
            var errors = PropertyGetter.Scalar(row, row.Schema[error]);
            var output = VectorReader.Create(row, row.Schema[options.OutputColumnName]);
            return () =>
            {
                var value = errors();
                // What the model gave no number for, is as wrong as can be, whatever the user's error says of it.
                return (double.NaN, AreFinite(output.Read()) ? value : double.NaN, double.IsFinite(value) && value >= 0);
            };
        }

        if (options.BoundsTruth(isNumber))
        {
            var truth = PropertyGetter.Scalar(row, row.Schema[options.TruthColumnName]);
            var lower = PropertyGetter.Scalar(row, row.Schema[options.LowerColumnName ?? options.OutputColumnName]);
            var upper = PropertyGetter.Scalar(row, row.Schema[options.UpperColumnName ?? options.OutputColumnName]);
            return () =>
            {
                var (y, low, high) = (truth(), lower(), upper());
                return double.IsFinite(low) && double.IsFinite(high) ? (low - y, y - high, double.IsFinite(y)) : (double.NaN, double.NaN, double.IsFinite(y));
            };
        }

        var (inference, truths) = (VectorReader.Create(row, row.Schema[options.OutputColumnName]), VectorReader.Create(row, row.Schema[options.TruthColumnName]));
        return () =>
        {
            var x = inference.Read();
            var y = truths.Read();
            if (!AreFinite(y))
                return (double.NaN, double.NaN, false);
            if (!AreFinite(x))
                return (double.NaN, double.NaN, true);
            try
            {
                return (double.NaN, options.Measure.Evaluate(x, y), true);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The error of '{options.OutputColumnName}' against '{options.TruthColumnName}' cannot be measured. {e.Message}", e);
            }
        };
    }

    public static bool AreFinite(ReadOnlySpan<double> values) => !values.IsEmpty && values.IndexOfAnyExceptInRange(double.MinValue, double.MaxValue) < 0;
}
