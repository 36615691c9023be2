namespace XaiL2O.Trainers;

/// <summary><see cref="RowNumbers"/> with their place in a row of data.</summary>
internal sealed class NumberReader
{
    private readonly double[]? values;
    private readonly int offset;
    private readonly int size;

    /// <param name="numbers">The numbers; null for one number for all.</param>
    /// <param name="count">How many are needed.</param>
    /// <param name="inputs">The columns side by side in a row.</param>
    /// <param name="otherwise">The number where there are none.</param>
    public NumberReader(RowNumbers? numbers, int count, IReadOnlyList<ModelColumn> inputs, double otherwise)
    {
        Count = count;
        values = numbers is null ? [otherwise] : numbers.Values;
        if (numbers?.Column is not { } column)
        {
            size = values!.Length;
            return;
        }

        size = numbers.SizeOf(count);
        foreach (var input in inputs)
        {
            if (input.Name == column)
                return;
            offset += input.Size;
        }
    }

    public int Count { get; }

    /// <summary>Whether all rows have the same.</summary>
    public bool IsConstant => values is not null;

    public double Get(ReadOnlySpan<double> row, int i) => (values is null ? row.Slice(offset, size) : values)[size == 1 ? 0 : i];

    public void CopyTo(ReadOnlySpan<double> row, Span<double> to)
    {
        for (var i = 0; i < Count; i++)
            to[i] = Get(row, i);
    }

    public double[] ToArray(ReadOnlySpan<double> row)
    {
        var all = new double[Count];
        CopyTo(row, all);
        return all;
    }
}
