namespace XaiL2O.Certifiers;

/// <summary>
/// Smoothed conformal p-values of a stream that joins the calibration values as it goes. Judged against the calibration values alone,
/// the p-values of a long stream would share the chance errors of that one sample and in the end look like drift; here each is uniform
/// given those before it, as the martingale asks, whatever the number of calibration values.
/// </summary>
/// <remarks>
/// A value is known by how many calibration values are at least as large. Given those before it, a new value is as likely next to any of
/// the N + n earlier ones, so bin k, which holds cₖ earlier values of the stream, has weight 1 + cₖ. Ties are broken at random by the
/// draw that smooths the p-value. Where small values are unusual too, 2·min(p, 1 − p) of that p-value is what is returned: it is uniform as well.
/// </remarks>
internal sealed class OnlineRanks
{
    private readonly int[] tree;
    private readonly Dictionary<int, int> counts = [];
    private long seen;

    public OnlineRanks(PropertyCertifier property)
    {
        Property = property;
        tree = new int[property.Distribution.Count + 2];
    }

    public PropertyCertifier Property { get; }

    /// <summary>Bins that hold values, for saving.</summary>
    public IReadOnlyDictionary<int, int> Counts => counts;

    public double Observe(double value, double uniform)
    {
        var distribution = Property.Distribution;
        var (larger, atLeast) = (0, 0);
        if (PropertyCertifier.IsValue(value))
        {
            var effective = Math.Max(value, Property.Tolerance);
            larger = distribution.CountAtLeast(double.BitIncrement(effective));
            atLeast = value <= Property.Tolerance ? distribution.Count : distribution.CountAtLeast(value);
        }

        var (low, high) = (Below(larger), Below(atLeast + 1));
        var point = low + (uniform * (high - low));
        var p = point / (distribution.Count + 1 + seen);
        Add(BinOf(point, larger, atLeast), 1);
        return Property.Sides == Sides.TwoSided ? 2 * Math.Max(0, Math.Min(p, 1 - p)) : p;
    }

    public void Add(int bin, int count)
    {
        if (bin < 0 || bin > Property.Distribution.Count || count < 0)
            throw new InvalidDataException($"The state of the drift monitor names bin {bin} with {count} rows, which '{Property.Name}' cannot have.");
        counts[bin] = counts.GetValueOrDefault(bin) + count;
        seen += count;
        for (var i = bin + 1; i < tree.Length; i += i & -i)
            tree[i] += count;
    }

    /// <summary>Weight of the bins before one: one each, and the stream's values in them (a Fenwick tree).</summary>
    private long Below(int bin)
    {
        long sum = bin;
        for (var i = bin; i > 0; i -= i & -i)
            sum += tree[i];
        return sum;
    }

    private int BinOf(double point, int low, int high)
    {
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            if (Below(middle) <= point)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
