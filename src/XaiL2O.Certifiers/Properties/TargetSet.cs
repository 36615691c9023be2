namespace XaiL2O.Certifiers;

/// <summary>A closed set C with its projection, for the property d_C(x) = min_{y∈C} ‖x − y‖. Immutable.</summary>
public abstract class TargetSet
{
    private protected TargetSet(int? size = null) => Size = size;

    /// <summary>Length of the vectors, where the set fixes it.</summary>
    public int? Size { get; }

    /// <summary>What is needed to make the set again.</summary>
    internal abstract FunctionDescription Description { get; }

    /// <summary>What usually puts an inference far from the set.</summary>
    internal abstract string Cause { get; }

    /// <summary>"from" the set in words, for reports.</summary>
    internal abstract string Distant { get; }

    /// <summary>{x : lower ≤ x ≤ upper}.</summary>
    /// <param name="lower">Lower bound of every entry; −∞ for none.</param>
    /// <param name="upper">Upper bound of every entry; ∞ for none.</param>
    public static TargetSet Box(double lower, double upper) => new BoxSet([lower], [upper], everywhere: true);

    /// <summary>{x : lowerᵢ ≤ xᵢ ≤ upperᵢ}, for instance the range of each feature in the training data.</summary>
    /// <param name="lower">Lower bounds.</param>
    /// <param name="upper">Upper bounds, as many.</param>
    public static TargetSet Box(ReadOnlySpan<double> lower, ReadOnlySpan<double> upper) => new BoxSet(lower.ToArray(), upper.ToArray(), everywhere: false);

    /// <summary>{x : x ≥ 0}.</summary>
    public static TargetSet Nonnegative() => Box(0, double.PositiveInfinity);

    /// <summary>{x ≥ 0 : Σx = total}.</summary>
    /// <param name="total">Greater than 0.</param>
    public static TargetSet Simplex(double total = 1) => new SimplexSet(total);

    /// <summary>{x : ‖x − c‖ ≤ r}.</summary>
    /// <param name="radius">r, at least 0.</param>
    /// <param name="center">c; empty for the origin.</param>
    public static TargetSet Ball(double radius, ReadOnlySpan<double> center = default) => new BallSet(radius, center.ToArray());

    /// <summary>{x : ⟨a, x⟩ ≤ b}.</summary>
    /// <param name="normal">a, not zero.</param>
    /// <param name="offset">b.</param>
    public static TargetSet HalfSpace(ReadOnlySpan<double> normal, double offset) => new PlaneSet(normal.ToArray(), offset, oneSided: true);

    /// <summary>{x : ⟨a, x⟩ = b}.</summary>
    /// <param name="normal">a, not zero.</param>
    /// <param name="offset">b.</param>
    public static TargetSet Hyperplane(ReadOnlySpan<double> normal, double offset) => new PlaneSet(normal.ToArray(), offset, oneSided: false);

    /// <summary>A finite set of points, for instance training rows: the distance is that to the nearest one, in the units of the features; see <see cref="PropertyFunction.NeighbourDistance{T}(IReadOnlyList{T[]}, int, FeatureScaling)"/> where these differ. O(number of points) per row.</summary>
    /// <param name="points">At least one row, all of the same length, finite.</param>
    public static TargetSet Points(IReadOnlyList<double[]> points) => PointSet.From(points);

    /// <summary>A finite set of points in single precision, as columns of ML.NET hold them; see <see cref="Points(IReadOnlyList{double[]})"/>.</summary>
    /// <param name="points">At least one row, all of the same length, finite.</param>
    public static TargetSet Points(IReadOnlyList<float[]> points)
    {
        ArgumentNullException.ThrowIfNull(points);
        return PointSet.From([.. points.Select(row => Array.ConvertAll(row, v => (double)v))]);
    }

    /// <summary>A set given by its projection, registered under a name so that a saved model finds it again.</summary>
    /// <param name="name">Name under which <see cref="PropertyRegistry.RegisterMap"/> was called.</param>
    /// <exception cref="InvalidOperationException">Nothing is registered under the name.</exception>
    public static TargetSet Projection(string name) => new ProjectionSet(name, PropertyRegistry.Map(name));

    /// <summary>Writes the nearest point of the set.</summary>
    /// <param name="x">A vector.</param>
    /// <param name="result">As long, not overlapping.</param>
    public abstract void Project(ReadOnlySpan<double> x, Span<double> result);

    /// <summary>d_C(x); NaN or ∞ where x holds NaN or ∞, even where the set reaches to ∞, and NaN where x is empty.</summary>
    /// <param name="x">A vector.</param>
    public virtual double Distance(ReadOnlySpan<double> x)
    {
        using var room = new Scratch(x.Length);
        Project(x, room.Span);
        return PropertyMath.Distance(x, room.Span);
    }

    private protected void RequireSize(ReadOnlySpan<double> x)
    {
        if (Size is { } size && x.Length != size)
            throw new ArgumentException($"The set holds vectors of {size} values; got {x.Length}.", nameof(x));
    }

    private protected static double Norm(ReadOnlySpan<double> x) => x.IsEmpty ? double.NaN : PropertyMath.Norm(x);
}
