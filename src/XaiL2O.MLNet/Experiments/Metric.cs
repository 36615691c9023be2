using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>A number that tells how good the rows are that a fitted pipeline made.</summary>
public sealed class Metric
{
    private readonly Func<IDataView, double> measure;

    private Metric(string name, IReadOnlyList<string> columns, Func<IDataView, double> measure) => (Name, Columns, this.measure) = (name, columns, measure);

    /// <summary>Name in histories and files.</summary>
    public string Name { get; }

    /// <summary>Columns known to be read, so that one pass computes them together; a function of the user's may read others.</summary>
    internal IReadOnlyList<string> Columns { get; }

    /// <summary>Mean over rows and entries of (x − x̂)².</summary>
    /// <param name="estimateColumnName">x̂: a number, or a vector of numbers.</param>
    /// <param name="truthColumnName">x, of the same length.</param>
    public static Metric MeanSquaredError(string estimateColumnName = "Estimate", string truthColumnName = "Signal") =>
        OfRows("MSE", estimateColumnName, truthColumnName, (estimate, truth) => SquaredDistance(estimate, truth) / truth.Length);

    /// <summary>Mean over rows of 100·‖x − x̂‖/‖x‖, percentage root-mean-square difference.</summary>
    /// <param name="estimateColumnName">x̂: a vector of numbers.</param>
    /// <param name="truthColumnName">x ≠ 0, of the same length.</param>
    public static Metric Prd(string estimateColumnName = "Estimate", string truthColumnName = "Signal") =>
        OfRows("PRD", estimateColumnName, truthColumnName, (estimate, truth) => 100 * Math.Sqrt(SquaredDistance(estimate, truth) / SquaredNorm(truth)));

    /// <summary>Mean over rows of 10·log₁₀(peak²/MSE), peak signal-to-noise ratio in decibels; larger is better.</summary>
    /// <param name="estimateColumnName">x̂: a vector of numbers.</param>
    /// <param name="truthColumnName">x, of the same length, nowhere equal to x̂ in a whole row.</param>
    /// <param name="peak">Largest possible value of x; positive. Default 1.</param>
    public static Metric Psnr(string estimateColumnName = "Reconstruction", string truthColumnName = "Image", double peak = 1)
    {
        if (!(peak > 0 && double.IsFinite(peak)))
            throw new ArgumentOutOfRangeException(nameof(peak), peak, $"{nameof(peak)} = {peak} is out of range; it must be positive.");
        return OfRows("PSNR", estimateColumnName, truthColumnName, (estimate, truth) => 10 * Math.Log10(peak * peak * truth.Length / SquaredDistance(estimate, truth)));
    }

    /// <summary>
    /// Mean utility of trades executed on the true reserves, where a trade that any CFMM refuses counts 0; see <see cref="MarginRule.ExecutedUtility"/>.
    /// Larger is better.
    /// </summary>
    /// <param name="network">The CFMMs.</param>
    /// <param name="prices">p, one per token.</param>
    /// <param name="trueReserveColumnName">True reserves: vector of numbers, one per token of each CFMM.</param>
    /// <param name="tenderColumnName">x, alike.</param>
    /// <param name="receiveColumnName">y, alike.</param>
    public static Metric ExecutedUtility(
        CfmmNetwork network,
        IReadOnlyList<double> prices,
        string trueReserveColumnName = "TrueReserves",
        string tenderColumnName = "Tender",
        string receiveColumnName = "Receive")
    {
        ArgumentNullException.ThrowIfNull(network);
        double[] p = [.. prices];
        string[] names = [trueReserveColumnName, tenderColumnName, receiveColumnName];
        return new Metric($"executed utility of {tenderColumnName} and {receiveColumnName}", names, view =>
        {
            DataViewSchema.Column[] columns = [.. names.Select(name => Column(view, name))];
            foreach (var column in columns)
                ColumnCheck.NumberVector(view.Schema, column.Name, network.ReserveCount);
            using var cursor = view.GetRowCursor(columns);
            VectorReader[] readers = [.. columns.Select(c => VectorReader.Create(cursor, c))];
            return Average(cursor, () =>
            {
                var (reserves, tender, receive) = (readers[0].Read().ToArray(), readers[1].Read().ToArray(), readers[2].Read().ToArray());
                return MarginRule.ExecutedUtility(network, new CfmmTrades(tender, receive, [0], [0], [SolveStatus.Converged]), p, reserves).Utility;
            });
        });
    }

    /// <summary>Mean of a column of numbers; of a <see cref="bool"/> column the share of true.</summary>
    /// <param name="columnName">A number of any type, or <see cref="bool"/>.</param>
    public static Metric Mean(string columnName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(columnName);
        return new Metric($"mean of {columnName}", [columnName], view =>
        {
            var column = Column(view, columnName);
            ColumnCheck.Property(view.Schema, columnName);
            using var cursor = view.GetRowCursor([column]);
            var value = PropertyGetter.Scalar(cursor, column);
            // A property's getter counts true as 0, satisfied.
            var isFlag = column.Type == BooleanDataViewType.Instance;
            return Average(cursor, () => isFlag ? 1 - value() : value());
        });
    }

    /// <summary>A function of the user's.</summary>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="measure">Function of the validation rows as the pipeline, and the certifier where there is one, made them.</param>
    public static Metric Of(string name, Func<IDataView, double> measure)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(measure);
        return new Metric(name, [], measure);
    }

    /// <summary>Measures rows.</summary>
    /// <param name="rows">Rows with the columns that the metric reads.</param>
    /// <returns>NaN where there are no rows, or where a row has NaN.</returns>
    /// <exception cref="InvalidOperationException">A column is missing or mistyped.</exception>
    public double Measure(IDataView rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return measure(rows);
    }

    private delegate double RowFunction(ReadOnlySpan<double> estimate, ReadOnlySpan<double> truth);

    private static Metric OfRows(string name, string estimateColumnName, string truthColumnName, RowFunction function)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(estimateColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(truthColumnName);
        return new Metric($"{name} of {estimateColumnName} against {truthColumnName}", [estimateColumnName, truthColumnName], view =>
        {
            var (estimateColumn, truthColumn) = (Column(view, estimateColumnName), Column(view, truthColumnName));
            using var cursor = view.GetRowCursor([estimateColumn, truthColumn]);
            var (estimate, truth) = (VectorReader.Create(cursor, estimateColumn), VectorReader.Create(cursor, truthColumn));
            return Average(cursor, () =>
            {
                var a = estimate.Read();
                var b = truth.Read();
                return a.Length == b.Length
                    ? function(a, b)
                    : throw new InvalidOperationException($"The columns '{estimateColumnName}' and '{truthColumnName}' have {a.Length} and {b.Length} entries; they must have as many.");
            });
        });
    }

    private static DataViewSchema.Column Column(IDataView view, string name)
    {
        var column = view.Schema.GetColumnOrNull(name)
            ?? throw new InvalidOperationException($"The metric reads a column '{name}', which the pipeline's rows do not have.");
        var item = column.Type is VectorDataViewType vector ? vector.ItemType : column.Type;
        return item is NumberDataViewType || column.Type == BooleanDataViewType.Instance
            ? column
            : throw new InvalidOperationException($"The metric reads the column '{name}', which holds {column.Type}; it must hold numbers.");
    }

    private static double Average(DataViewRowCursor cursor, Func<double> value)
    {
        var (sum, rows) = (0.0, 0L);
        while (cursor.MoveNext())
        {
            Interruption.Check();
            sum += value();
            rows++;
        }

        return sum / rows;
    }

    private static double SquaredDistance(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
            sum += (x[i] - y[i]) * (x[i] - y[i]);
        return sum;
    }

    private static double SquaredNorm(ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        foreach (var value in x)
            sum += value * value;
        return sum;
    }
}
