namespace XaiL2O.Trainers;

/// <summary>
/// Numbers of a constraint or an objective: the same for all rows, or those of a column. A number, an array or the name of a column converts to it:
/// <c>VectorConstraint.Bounds("Capacity", 0, "Capacities")</c>.
/// </summary>
public sealed class RowNumbers
{
    /// <summary>The numbers for all rows: as many as are needed, or one for all of them. Null where they come from a column.</summary>
    public double[]? Values { get; init; }

    /// <summary>The column of each row's numbers, a vector of as many as are needed; where one is needed, a number will do. Null where they are the same for all rows.</summary>
    public string? Column { get; init; }

    /// <summary>Whether the column holds one number that counts for all that are needed. Default false.</summary>
    public bool IsSingle { get; init; }

    /// <summary>One number for all.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator RowNumbers(double value) => Of(value);

    /// <summary>The same numbers for all rows.</summary>
    /// <param name="values">The numbers.</param>
    public static implicit operator RowNumbers(double[] values) => Of(values);

    /// <summary>The numbers of a column.</summary>
    /// <param name="column">Name of the column.</param>
    public static implicit operator RowNumbers(string column) => OfColumn(column);

    /// <summary>The same numbers for all rows.</summary>
    /// <param name="values">As many as are needed, or one for all of them.</param>
    public static RowNumbers Of(params double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return new() { Values = [.. values] };
    }

    /// <summary>The numbers of a column.</summary>
    /// <param name="column">Name of the column.</param>
    /// <param name="isSingle">Whether it holds one number that counts for all that are needed.</param>
    public static RowNumbers OfColumn(string column, bool isSingle = false)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(column);
        return new() { Column = column, IsSingle = isSingle };
    }

    /// <summary>Throws unless there are as many values as are needed, and no NaN.</summary>
    internal void Validate(string what, int needed, double lowest, double highest)
    {
        if ((Values is null) == (Column is null))
            throw new ArgumentException($"{what} must have either {nameof(Values)} or a {nameof(Column)}.");
        if (Column is not null)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(Column, what);
            return;
        }

        if (Values!.Length != needed && Values.Length != 1)
            throw new ArgumentException($"{what} has {Values.Length} values; it must have {needed}, or one for all.");
        foreach (var value in Values)
        {
            if (!(value >= lowest && value <= highest))
                throw new ArgumentException(FormattableString.Invariant($"{what} has the value {value}; it must lie in [{lowest}, {highest}]."));
        }
    }

    /// <summary>How many numbers the column holds where so many are needed.</summary>
    internal int SizeOf(int needed) => IsSingle ? 1 : needed;
}
