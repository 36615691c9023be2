using System.Globalization;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Reads the rows that calibrate a bound.</summary>
internal static class BoundRows
{
    private readonly record struct Row(double Below, double Above, double Weight, string Group, float[]? Features)
    {
        /// <summary>What the difficulty learns: the larger distance, which is the error where there is one prediction.</summary>
        public double Error => double.IsNaN(Below) ? Above : Math.Max(0, Math.Max(Below, Above));
    }

    public static (BoundScores Scores, FittedDifficulty? Difficulty) Read(MLContext ml, IDataView input, ErrorBoundOptions options, bool isNumber)
    {
        var (rows, sizes) = Rows(input, options, isNumber);
        FittedDifficulty? difficulty = null;
        double[] divisors = [.. rows.Select(_ => 1.0)];
        if (options.Difficulty is { } model)
        {
            var random = new Random(model.Seed);
            random.Shuffle(rows.AsSpan());
            var own = (int)Math.Round(model.Share * rows.Length);
            Require(options, rows.Length - own, rows.Length);
            difficulty = FittedDifficulty.Fit(ml, model, sizes, rows[..own].Select(r => (r.Features!, r.Error)));
            rows = rows[own..];
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

        var all = Scores(Enumerable.Range(0, rows.Length));
        var needed = options.MinimumPerGroup ?? RowsNeeded(options);
        var groups = options.GroupColumnName is null
            ? []
            : Enumerable.Range(0, rows.Length).GroupBy(i => rows[i].Group, StringComparer.Ordinal).Where(g => g.Count() >= needed).ToDictionary(g => g.Key, Scores, StringComparer.Ordinal);
        return (new BoundScores(all.Below, all.Above, options.WeightColumnName is null ? [] : [.. rows.Select(r => r.Weight)], groups), difficulty);
    }

    private static int RowsNeeded(ErrorBoundOptions options) => options.Sides == BoundSides.TwoTailed ? options.Level.Half().RowsNeeded : options.Level.RowsNeeded;

    private static void Require(ErrorBoundOptions options, int left, int rows)
    {
        if (RowsNeeded(options) is var needed && left < needed)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"The error of '{options.OutputColumnName}' cannot be bounded on these rows: of {rows}, {rows - left} are of the difficulty ({nameof(DifficultyModel.Share)} = {options.Difficulty!.Share}), and a miscoverage of {options.Level.Miscoverage} needs {needed} others. Calibrate on at least {Math.Ceiling((needed + 1) / (1 - options.Difficulty.Share))} rows, or raise {nameof(ConformalLevel.Miscoverage)}."));
    }

    private static (Row[] Rows, IReadOnlyList<int> Sizes) Rows(IDataView input, ErrorBoundOptions options, bool isNumber)
    {
        var names = BoundColumns.Read(options).Append(options.ErrorColumnName ?? options.TruthColumnName).Distinct();
        using var cursor = input.GetRowCursor(names.Select(name => input.Schema[name]));
        var distances = Distances(cursor, options, isNumber);
        var group = options.GroupColumnName is { } g ? GroupReader.Create(cursor, input.Schema[g]) : null;
        var weight = options.WeightColumnName is { } w ? PropertyGetter.Scalar(cursor, input.Schema[w]) : null;
        FeatureReader? reader = null;
        var (rows, missing, known) = (new List<Row>(), 0, new Dictionary<string, string>(StringComparer.Ordinal));
        while (cursor.MoveNext())
        {
            Interruption.Check();
            if (options.Difficulty is { } model)
                reader ??= new FeatureReader(cursor, model.ColumnNames, null);
            var (below, above, hasTruth) = distances();
            missing += hasTruth ? 0 : 1;
            var features = reader is null ? null : new float[reader.Size];
            reader?.Read(features);
            rows.Add(new Row(below, above, weight?.Invoke() ?? 1, group?.Read().ToString() ?? "", features));
        }

        if (missing > 0)
            throw new InvalidOperationException($"{missing} of {rows.Count} rows have a truth in '{options.ErrorColumnName ?? options.TruthColumnName}' that is NaN, infinite, empty or, of an error, negative; remove those rows before the bound is fitted.");
        return ([.. rows], reader?.Sizes ?? []);
    }

    /// <summary>By how much the truth is below and above what the row predicts, and whether there is a truth.</summary>
    private static Func<(double Below, double Above, bool HasTruth)> Distances(DataViewRow row, ErrorBoundOptions options, bool isNumber)
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
