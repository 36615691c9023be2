namespace XaiL2O.Certifiers;

/// <summary>
/// Whether two sets of rows may come from one distribution, so that one of them is fit to calibrate on for rows like the other: the largest Kolmogorov–Smirnov distance of a column, against
/// the same for rows that are exchanged at random between the sets.
/// </summary>
/// <param name="Statistic">Largest difference of two distribution functions, over values and columns, in [0, 1].</param>
/// <param name="Column">The column of it, from 0 on.</param>
/// <param name="PValue">(1 + permutations with a statistic as large)/(1 + permutations).</param>
/// <param name="Rows">Rows compared.</param>
/// <param name="ReferenceRows">Rows of the reference compared.</param>
/// <remarks>
/// A permutation test: where all rows are exchangeable the p-value is at most u with probability at most u, whatever the columns, their ties and how they depend on each other (Hemerik and
/// Goeman 2018, doi 10.1007/s11749-017-0571-1). It sees differences of single columns and not those of how they depend on each other, and a large p-value proves nothing. Rows that depend on
/// each other within a set, as those of one patient do, are not exchangeable, and the test says so.
/// </remarks>
public sealed record ExchangeabilityTest(double Statistic, int Column, double PValue, int Rows, int ReferenceRows)
{
    private const double Slack = 1e-12;

    /// <summary>Compares rows.</summary>
    /// <param name="rows">At least 2, each with as many values; NaN counts as larger than all numbers.</param>
    /// <param name="reference">At least 2, alike.</param>
    /// <param name="options">Settings; the defaults when null.</param>
    /// <exception cref="ArgumentException">There are too few rows, or they differ in length.</exception>
    public static ExchangeabilityTest Compare(IReadOnlyList<double[]> rows, IReadOnlyList<double[]> reference, ExchangeabilityOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(reference);
        options ??= new ExchangeabilityOptions();
        options.Validate();
        if (rows.Count < 2 || reference.Count < 2)
            throw new ArgumentException($"At least 2 rows of each set are needed; there are {rows.Count} and {reference.Count} of the reference.", nameof(rows));
        if (rows[0].Length == 0 || rows.Concat(reference).Any(r => r.Length != rows[0].Length))
            throw new ArgumentException($"Rows of one length are needed, with at least one value; the first has {rows[0].Length}.", nameof(rows));
        var random = new Random(options.Seed);
        double[][] Drawn(IReadOnlyList<double[]> from)
        {
            double[][] drawn = [.. from];
            random.Shuffle(drawn);
            return drawn.Length > options.MostRows ? drawn[..options.MostRows] : drawn;
        }

        var (own, known) = (Drawn(rows), Drawn(reference));
        double[][] all = [.. own, .. known];
        var columns = Enumerable.Range(0, all[0].Length).Select(j => Ordered(all, j)).ToArray();
        var isOwn = new bool[all.Length];
        isOwn.AsSpan(0, own.Length).Fill(true);
        var distances = columns.Select(c => Distance(c, isOwn, own.Length)).ToArray();
        var statistic = distances.Max();
        var asLarge = 0;
        for (var p = 0; p < options.Permutations; p++)
        {
            random.Shuffle(isOwn.AsSpan());
            asLarge += Array.Exists(columns, c => Distance(c, isOwn, own.Length) >= statistic - Slack) ? 1 : 0;
        }

        return new ExchangeabilityTest(statistic, Array.IndexOf(distances, statistic), (1.0 + asLarge) / (1 + options.Permutations), own.Length, known.Length);
    }

    /// <summary>The rows in the order of a column, and after which of them a larger value follows.</summary>
    private static (int[] Order, bool[] Ends) Ordered(double[][] rows, int column)
    {
        double[] values = [.. rows.Select(r => double.IsNaN(r[column]) ? double.PositiveInfinity : r[column])];
        int[] order = [.. Enumerable.Range(0, rows.Length)];
        Array.Sort(values, order);
        return (order, [.. values.Select((v, i) => i + 1 == values.Length || values[i + 1] > v)]);
    }

    private static double Distance((int[] Order, bool[] Ends) column, bool[] isOwn, int count)
    {
        var (own, largest, others) = (0, 0.0, isOwn.Length - count);
        for (var i = 0; i < isOwn.Length; i++)
        {
            own += isOwn[column.Order[i]] ? 1 : 0;
            if (column.Ends[i])
                largest = Math.Max(largest, Math.Abs(((double)own / count) - ((i + 1.0 - own) / others)));
        }

        return largest;
    }
}
