namespace XaiL2O.MLNet;

/// <summary>One value for every option of a search space.</summary>
public sealed class SampledOptions : IEquatable<SampledOptions>
{
    private readonly OptionSpace space;
    private readonly double[] codes;

    internal SampledOptions(OptionSpace space, double[] codes) => (this.space, this.codes) = (space, codes);

    /// <summary>Numbers that stand for the values; an index where the option is a choice.</summary>
    internal IReadOnlyList<double> Codes => codes;

    /// <summary>The value of an option.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="parameter">The handle that the space gave for it.</param>
    /// <exception cref="ArgumentException">The handle is of another space.</exception>
    public T Value<T>(SearchParameter<T> parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return parameter.Decode(codes[space.IndexOf(parameter)]);
    }

    /// <inheritdoc/>
    public bool Equals(SampledOptions? other) => other is not null && ReferenceEquals(space, other.space) && codes.AsSpan().SequenceEqual(other.codes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SampledOptions);

    /// <inheritdoc/>
    public override int GetHashCode() => codes.Aggregate(17, HashCode.Combine);

    /// <summary>Names and values.</summary>
    public override string ToString() => string.Join(", ", space.Parameters.Zip(codes, (p, code) => $"{p.Name} = {p.Format(code)}"));
}
