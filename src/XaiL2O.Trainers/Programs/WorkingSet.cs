using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// Linearly independent constraints dᵢᵀz = bᵢ with a factorisation Nᵀ = QᵀR of their normals: Q has orthonormal rows, R is upper triangular. Constraints join at the end; any but the first
/// <see cref="Fixed"/> may leave, after which plane rotations make R triangular again (Goldfarb and Idnani, <i>Mathematical Programming</i> 27, 1983, doi 10.1007/BF02591962).
/// </summary>
/// <param name="size">n, the length of normals.</param>
internal sealed class WorkingSet(int size)
{
    private readonly double[] q = new double[size * size]; // rows of n
    private readonly double[] r = new double[size * (size + 1) / 2]; // columns, each down to the diagonal
    private readonly double[] along = new double[size];

    /// <summary>Indices of the constraints.</summary>
    public int[] Index { get; } = new int[size];

    /// <summary>Their sides: 1 at the lower bound, −1 at the upper one, 0 for equalities.</summary>
    public int[] Side { get; } = new int[size];

    /// <summary>Values that they are held to.</summary>
    public double[] Bound { get; } = new double[size];

    /// <summary>λ with z = p + Σ λᵢdᵢ.</summary>
    public double[] Multiplier { get; } = new double[size];

    public int Count { get; private set; }

    /// <summary>How many constraints at the beginning stay: the equalities.</summary>
    public int Fixed { get; set; }

    public void Clear() => (Count, Fixed) = (0, 0);

    public void CopyFrom(WorkingSet other)
    {
        (Count, Fixed) = (other.Count, other.Fixed);
        other.q.AsSpan(0, Count * size).CopyTo(q);
        other.r.AsSpan(0, Start(Count)).CopyTo(r);
        other.Index.AsSpan(0, Count).CopyTo(Index);
        other.Side.AsSpan(0, Count).CopyTo(Side);
    }

    /// <summary>The part of a normal that is orthogonal to those of the set, and its length; <see cref="Join"/> uses it.</summary>
    public double Split(ReadOnlySpan<double> normal, Span<double> across)
    {
        normal.CopyTo(across);
        var w = along.AsSpan(0, Count);
        for (var i = 0; i < Count; i++)
        {
            w[i] = TensorPrimitives.Dot(Q(i), across);
            TensorPrimitives.MultiplyAdd(Q(i), -w[i], across, across);
        }

        var length = TensorPrimitives.Norm<double>(across);
        // Twice is enough where cancellation has cost digits.
        if (length < 0.7)
        {
            for (var i = 0; i < Count; i++)
            {
                var more = TensorPrimitives.Dot(Q(i), across);
                w[i] += more;
                TensorPrimitives.MultiplyAdd(Q(i), -more, across, across);
            }

            length = TensorPrimitives.Norm<double>(across);
        }

        return length;
    }

    /// <summary>Coefficients of the normals of the set that give the other part of what was split last.</summary>
    public void Coefficients(Span<double> coefficients)
    {
        along.AsSpan(0, Count).CopyTo(coefficients);
        SolveUpper(coefficients);
    }

    /// <summary>Takes in the constraint that was split last.</summary>
    public void Join(int index, int side, double bound, double multiplier, ReadOnlySpan<double> across, double length)
    {
        TensorPrimitives.Divide(across, length, Q(Count));
        along.AsSpan(0, Count).CopyTo(r.AsSpan(Start(Count)));
        r[Start(Count) + Count] = length;
        (Index[Count], Side[Count], Bound[Count], Multiplier[Count]) = (index, side, bound, multiplier);
        Count++;
    }

    /// <summary>Lets a constraint go.</summary>
    public void Leave(int place)
    {
        for (var j = place + 1; j < Count; j++)
        {
            // Column j moves to j − 1, where it reaches one row below the diagonal; a rotation of that row and the one above ends that.
            var from = r.AsSpan(Start(j), j + 1);
            var to = r.AsSpan(Start(j - 1), j);
            var (above, below) = (from[j - 1], from[j]);
            from[..j].CopyTo(to);
            (Index[j - 1], Side[j - 1], Bound[j - 1], Multiplier[j - 1]) = (Index[j], Side[j], Bound[j], Multiplier[j]);
            var length = double.Hypot(above, below);
            var (c, s) = (above / length, below / length);
            to[j - 1] = length;
            for (var k = j + 1; k < Count; k++)
            {
                ref var first = ref r[Start(k) + j - 1];
                ref var second = ref r[Start(k) + j];
                (first, second) = ((c * first) + (s * second), (c * second) - (s * first));
            }

            Rotate(Q(j - 1), Q(j), c, s);
        }

        Count--;
    }

    /// <summary>Replaces v by R⁻ᵀv.</summary>
    public void SolveLower(Span<double> v)
    {
        for (var j = 0; j < Count; j++)
            v[j] = (v[j] - TensorPrimitives.Dot<double>(r.AsSpan(Start(j), j), v[..j])) / r[Start(j) + j];
    }

    /// <summary>Replaces v by R⁻¹v.</summary>
    public void SolveUpper(Span<double> v)
    {
        for (var j = Count - 1; j >= 0; j--)
        {
            v[j] /= r[Start(j) + j];
            TensorPrimitives.MultiplyAdd(r.AsSpan(Start(j), j), -v[j], v[..j], v[..j]);
        }
    }

    /// <summary>v = Qu.</summary>
    public void Project(ReadOnlySpan<double> u, Span<double> v)
    {
        for (var i = 0; i < Count; i++)
            v[i] = TensorPrimitives.Dot(Q(i), u);
    }

    /// <summary>u ← u + Qᵀv.</summary>
    public void AddTo(Span<double> u, ReadOnlySpan<double> v)
    {
        for (var i = 0; i < Count; i++)
            TensorPrimitives.MultiplyAdd(Q(i), v[i], u, u);
    }

    private static int Start(int column) => column * (column + 1) / 2;

    private static void Rotate(Span<double> first, Span<double> second, double c, double s)
    {
        for (var i = 0; i < first.Length; i++)
            (first[i], second[i]) = ((c * first[i]) + (s * second[i]), (c * second[i]) - (s * first[i]));
    }

    private Span<double> Q(int row) => q.AsSpan(row * size, size);
}
