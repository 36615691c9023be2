using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// An input column inside d, from <see cref="ModelBuilder.Input"/>: terms take it for what each row has of its own, such as measurements, a mask, a bound or a price.
/// </summary>
public sealed class RowInput
{
    private readonly ModelColumn column;
    private readonly bool isAll;

    internal RowInput(ModelColumn column, int from, int dataSize) =>
        (this.column, From, isAll) = (column, from, column.Size == dataSize);

    /// <summary>Name of the column, as the definition calls it.</summary>
    public string Name => column.Name;

    /// <summary>Number of its values.</summary>
    public int Size => column.Size;

    private int From { get; }

    /// <summary>The column's values.</summary>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch, Size]</c>.</returns>
    public Tensor Of(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return isAll ? data : data.narrow(1, From, Size);
    }

    /// <summary>Throws unless the column has as many values as something needs.</summary>
    internal void CheckSize(int size, string what, string parameter)
    {
        if (Size != size)
            throw new ArgumentException($"The input '{Name}' has {Size} values per row; {what} has {size}.", parameter);
    }

    /// <summary>Throws unless the column's limits promise what a bound of a norm or a step rests on.</summary>
    internal void CheckLimits(double lowest, double highest, string parameter)
    {
        if (!(column.Lowest >= lowest && column.Highest <= highest))
            throw new ArgumentException(FormattableString.Invariant($"The input '{Name}' may hold values in [{column.Lowest}, {column.Highest}]; here it must lie in [{lowest}, {highest}]. Give its column {nameof(ModelColumn.Lowest)} and {nameof(ModelColumn.Highest)}."), parameter);
    }
}
