using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// H of a <see cref="QuadraticProgram"/>, and H + εI = LLᵀ, in whose units z = Lᵀx the quadratic is ½‖z‖². ε is 0 where H is positive definite beyond rounding; where H is 0, L is the
/// identity and stands for no H.
/// </summary>
internal sealed class QuadraticForm
{
    /// <summary>ε relative to the largest diagonal value of H; H + εI then has 10 digits to spare.</summary>
    private const double Proximal = 1e-6;

    /// <summary>Squares of pivots, relative to the largest diagonal value, below which H counts as singular.</summary>
    private const double Singular = 1e-10;

    private readonly int n;
    private readonly double[]? diagonal; // of H
    private readonly double[]? roots; // of the diagonal, + ε
    private readonly double[]? dense; // rows of H
    private readonly double[]? factor; // rows of L

    private QuadraticForm(int n, double[]? diagonal, double[]? roots, double[]? dense, double[]? factor, double shift, bool isZero) =>
        (this.n, this.diagonal, this.roots, this.dense, this.factor, Shift, IsZero) = (n, diagonal, roots, dense, factor, shift, isZero);

    /// <summary>n.</summary>
    public int Size => n;

    /// <summary>ε.</summary>
    public double Shift { get; }

    /// <summary>Whether H is 0, and the problem a linear program.</summary>
    public bool IsZero { get; }

    /// <summary>Whether H is singular: solutions are then limits of proximal steps.</summary>
    public bool IsSingular => IsZero || Shift > 0;

    /// <summary>Whether z = x.</summary>
    public bool KeepsUnits => roots is null && factor is null;

    public static QuadraticForm Identity(int n) => new(n, null, null, null, null, 0, false);

    public static QuadraticForm Zero(int n) => new(n, null, null, null, null, 0, true);

    public static QuadraticForm OfDiagonal(ReadOnlySpan<double> values)
    {
        var largest = 0.0;
        foreach (var value in values)
        {
            if (!(value >= 0 && double.IsFinite(value)))
                throw new ArgumentException(FormattableString.Invariant($"A value of the diagonal is {value}; they must be at least 0 and finite."), nameof(values));
            largest = Math.Max(largest, value);
        }

        if (largest == 0)
            return Zero(values.Length);
        if (!values.ContainsAnyExcept(1))
            return Identity(values.Length);
        // Unlike those of a full matrix, small values of a diagonal are exact.
        var ε = values.Contains(0) ? Proximal * largest : 0;
        var roots = new double[values.Length];
        for (var i = 0; i < roots.Length; i++)
            roots[i] = Math.Sqrt(values[i] + ε);
        return new(values.Length, values.ToArray(), roots, null, null, ε, false);
    }

    /// <param name="h">H, n×n, row-major.</param>
    /// <param name="n">n.</param>
    /// <exception cref="ArgumentException">H is not symmetric or not positive semidefinite, or holds NaN or ∞.</exception>
    public static QuadraticForm OfMatrix(double[] h, int n)
    {
        var (largest, isDiagonal) = (0.0, true);
        for (var i = 0; i < n; i++)
        {
            largest = Math.Max(largest, Math.Abs(h[(i * n) + i]));
            for (var j = 0; j < i; j++)
            {
                var (a, b) = (h[(i * n) + j], h[(j * n) + i]);
                if (!(Math.Abs(a - b) <= 1e-12 * (Math.Abs(a) + Math.Abs(b))))
                    throw new ArgumentException(FormattableString.Invariant($"The Hessian is not symmetric and finite: entry ({i}, {j}) is {a}, entry ({j}, {i}) is {b}."), nameof(h));
                isDiagonal &= a == 0;
            }
        }

        if (isDiagonal)
            return OfDiagonal([.. Enumerable.Range(0, n).Select(i => h[(i * n) + i])]);
        if (Factor(h, n, 0, Singular * largest) is { } exact)
            return new(n, null, null, h, exact, 0, false);
        var ε = Proximal * largest;
        var shifted = Factor(h, n, ε, 0) ?? throw new ArgumentException("The Hessian is not positive semidefinite.", nameof(h));
        return new(n, null, null, h, shifted, ε, false);
    }

    /// <summary>v ← L⁻¹v.</summary>
    public void Whiten(Span<double> v)
    {
        if (roots is not null)
        {
            TensorPrimitives.Divide(v, roots, v);
            return;
        }

        for (var i = 0; factor is not null && i < n; i++)
            v[i] = (v[i] - TensorPrimitives.Dot<double>(factor.AsSpan(i * n, i), v[..i])) / factor[(i * n) + i];
    }

    /// <summary>v ← L⁻ᵀv.</summary>
    public void Unwhiten(Span<double> v)
    {
        if (roots is not null)
        {
            TensorPrimitives.Divide(v, roots, v);
            return;
        }

        for (var i = n - 1; factor is not null && i >= 0; i--)
        {
            v[i] /= factor[(i * n) + i];
            TensorPrimitives.MultiplyAdd(factor.AsSpan(i * n, i), -v[i], v[..i], v[..i]);
        }
    }

    /// <summary>H as rows, for what asks for all of it.</summary>
    public double[] Rows()
    {
        var rows = new double[n * n];
        var unit = new double[n];
        for (var i = 0; i < n; i++)
        {
            unit[i] = 1;
            Apply(unit, rows.AsSpan(i * n, n));
            unit[i] = 0;
        }

        return rows;
    }

    /// <summary>to = Hx.</summary>
    public void Apply(ReadOnlySpan<double> x, Span<double> to)
    {
        if (IsZero)
            to.Clear();
        else if (diagonal is not null)
            TensorPrimitives.Multiply(diagonal, x, to);
        else if (dense is null)
            x.CopyTo(to);
        else
            for (var i = 0; i < n; i++)
                to[i] = TensorPrimitives.Dot(dense.AsSpan(i * n, n), x);
    }

    /// <summary>L with LLᵀ = H + εI (Cholesky); null where a square of its diagonal is not above a limit.</summary>
    private static double[]? Factor(double[] h, int n, double ε, double least)
    {
        var l = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            var row = l.AsSpan(i * n, i);
            for (var j = 0; j < i; j++)
                row[j] = (h[(i * n) + j] - TensorPrimitives.Dot<double>(row[..j], l.AsSpan(j * n, j))) / l[(j * n) + j];
            var pivot = h[(i * n) + i] + ε - TensorPrimitives.SumOfSquares<double>(row);
            if (!(pivot > least))
                return null;
            l[(i * n) + i] = Math.Sqrt(pivot);
        }

        return l;
    }
}
