using System.Numerics;
using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>Distance to known rows, in units that these give.</summary>
internal abstract class KnownRowsFunction : PropertyFunction
{
    protected KnownRowsFunction((double[] Rows, int Width) known, FeatureScaling scaling)
    {
        var (rows, width) = known;
        if (width < 1 || rows.Length == 0 || rows.Length % width != 0)
            throw new ArgumentException($"Known rows need at least one row of at least one feature; got {rows.Length} values in rows of {width}.", nameof(known));
        if (Array.Exists(rows, v => !double.IsFinite(v)))
            throw new ArgumentException("Known rows must be finite; leave rows with NaN or ∞ out.", nameof(known));
        if (!Enum.IsDefined(scaling))
            throw new ArgumentOutOfRangeException(nameof(scaling), scaling, $"{nameof(scaling)} = {scaling} is not a {nameof(FeatureScaling)}.");
        (Rows, Space) = (rows, new FeatureSpace(rows, width, scaling));
    }

    public override string Cause => "an input unlike every known row: another population, a damaged measurement, or a case the model was never shown";

    public override (int? First, int? Second) Sizes => (Space.Width, null);

    protected double[] Rows { get; }

    protected FeatureSpace Space { get; }

    /// <summary>Rows one after the other.</summary>
    /// <exception cref="ArgumentException">There is none, or they differ in length.</exception>
    public static (double[] Rows, int Width) Flat<T>(IReadOnlyList<T[]> rows)
        where T : INumber<T>
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count == 0 || rows.Any(r => r is null || r.Length != rows[0].Length))
            throw new ArgumentException("Known rows need at least one row, all of the same length.", nameof(rows));
        return ([.. rows.SelectMany(r => r.Select(double.CreateChecked))], rows[0].Length);
    }

    public sealed override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (first.Length != Space.Width)
            throw new ArgumentException($"The known rows have {Space.Width} features; got {first.Length}.", nameof(first));
        using var room = new Scratch(first.Length);
        Space.Map(first, room.Span);
        return Of(room.Span);
    }

    protected abstract double Of(ReadOnlySpan<double> place);
}

/// <summary>Mean distance to the nearest known rows.</summary>
internal sealed class NeighbourFunction : KnownRowsFunction
{
    private readonly int count;
    private readonly FeatureScaling scaling;
    private readonly double[] places;

    public NeighbourFunction((double[] Rows, int Width) known, int count, FeatureScaling scaling)
        : base(known, scaling)
    {
        var (rows, width) = known;
        if (count < 1 || count > rows.Length / width)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"{nameof(count)} = {count} is out of range; it must lie in [1, {rows.Length / width}], the number of known rows.");
        (this.count, this.scaling, places) = (count, scaling, new double[rows.Length]);
        for (var i = 0; i < rows.Length; i += width)
            Space.Map(rows.AsSpan(i, width), places.AsSpan(i, width));
    }

    public override string Formula(string of) => $"mean distance of {of} to the nearest {count} of {places.Length / Space.Width} known rows{(scaling == FeatureScaling.None ? "" : ", in standard deviations")}";

    public override FunctionDescription Describe() => new("NeighbourDistance") { Numbers = { ["width"] = Space.Width, ["count"] = count, ["scaling"] = (int)scaling }, Arrays = { ["rows"] = Rows } };

    protected override double Of(ReadOnlySpan<double> place)
    {
        var width = Space.Width;
        using var room = new Scratch(count);
        var nearest = room.Span; // ascending
        nearest.Fill(double.PositiveInfinity);
        for (var i = 0; i < places.Length; i += width)
        {
            var distance = TensorPrimitives.Distance(place, places.AsSpan(i, width));
            if (double.IsNaN(distance))
                return double.NaN;
            var at = count - 1;
            if (distance >= nearest[at])
                continue;
            for (; at > 0 && nearest[at - 1] > distance; at--)
                nearest[at] = nearest[at - 1];
            nearest[at] = distance;
        }

        return TensorPrimitives.Sum(nearest) / count;
    }
}

/// <summary>√((x − μ)ᵀC⁻¹(x − μ)) with mean and covariance of known rows.</summary>
internal sealed class MahalanobisFunction((double[] Rows, int Width) known) : KnownRowsFunction(known, FeatureScaling.Whitened)
{
    public override string Formula(string of) => $"Mahalanobis distance of {of} from the mean of {Rows.Length / Space.Width} known rows";

    public override FunctionDescription Describe() => new("MahalanobisDistance") { Numbers = { ["width"] = Space.Width }, Arrays = { ["rows"] = Rows } };

    // The mean is at 0.
    protected override double Of(ReadOnlySpan<double> place) => PropertyMath.Norm(place);
}
