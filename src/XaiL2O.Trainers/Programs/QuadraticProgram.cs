using System.Collections.Concurrent;
using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// Small dense quadratic and linear programs, min ½xᵀHx + gᵀx s.t. l ≤ Cx ≤ u, that share H and C: up to some hundred numbers and constraints, any number of problems, in double precision.
/// </summary>
/// <remarks>
/// <para>A dual active-set method (Goldfarb and Idnani, <i>Mathematical Programming</i> 27, 1983, doi 10.1007/BF02591962) on the factorised H; where H is singular, inside proximal steps (Rockafellar,
/// <i>SIAM J. Control and Optimization</i> 14, 1976, doi 10.1137/0314056), of which linear programs need few. The point is refined and then judged by the conditions of optimality in the numbers of the
/// problem: only what is verified is returned as <see cref="ProgramStatus.Solved"/>, <see cref="ProgramStatus.Infeasible"/> or <see cref="ProgramStatus.Unbounded"/>.</para>
/// <para>Where H is singular and there are several solutions, one of them is returned. Equalities are constraints with l = u; a bound that is not there is ±∞. Constraints may repeat and depend on each
/// other, rows of C may be 0, and constraints may be scaled as they like. A problem whose matrices are its own is a program of its own. Instances can be used from several threads.</para>
/// </remarks>
public sealed class QuadraticProgram
{
    /// <summary>The residual (<see cref="ProgramSolution.Residual"/>) up to which a point counts as a solution: 10⁻⁸. Solutions of well-conditioned problems have about 10⁻¹⁵.</summary>
    public const double Tolerance = 1e-8;

    private readonly ConcurrentBag<ProgramWorkspace> workspaces = [];

    /// <summary>Creates the program.</summary>
    /// <param name="hessian">H, n×n, symmetric, positive semidefinite; the identity when null, which makes the solution the nearest feasible point to −g. Zeros make a linear program.</param>
    /// <param name="constraints">C, m×n with n ≥ 1; m may be 0.</param>
    /// <exception cref="ArgumentException">H is not symmetric and positive semidefinite, or not n×n; or a number is NaN or ∞.</exception>
    public QuadraticProgram(double[,]? hessian, double[,] constraints)
        : this(Form(hessian, constraints), Flat(constraints))
    {
    }

    /// <param name="form">H.</param>
    /// <param name="constraints">C, row-major; not copied.</param>
    internal QuadraticProgram(QuadraticForm form, double[] constraints)
    {
        var n = form.Size;
        (Hessian, Constraints, VariableCount, ConstraintCount) = (form, constraints, n, constraints.Length / n);
        if (constraints.AsSpan().ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
            throw new ArgumentException("The constraints hold NaN or ∞.", nameof(constraints));
        Lengths = new double[ConstraintCount];
        WhitenedLengths = form.KeepsUnits ? Lengths : new double[ConstraintCount];
        Normals = [.. constraints];
        for (var i = 0; i < ConstraintCount; i++)
        {
            var row = Normals.AsSpan(i * n, n);
            Lengths[i] = Length(row);
            form.Whiten(row);
            WhitenedLengths[i] = Length(row);
            if (WhitenedLengths[i] > 0)
                TensorPrimitives.Divide(row, WhitenedLengths[i], row);
        }
    }

    /// <summary>n.</summary>
    public int VariableCount { get; }

    /// <summary>m.</summary>
    public int ConstraintCount { get; }

    internal QuadraticForm Hessian { get; }

    /// <summary>C, row-major.</summary>
    internal double[] Constraints { get; }

    /// <summary>‖cᵢ‖.</summary>
    internal double[] Lengths { get; }

    /// <summary>‖L⁻¹cᵢ‖.</summary>
    internal double[] WhitenedLengths { get; }

    /// <summary>L⁻¹cᵢ with length 1, or 0.</summary>
    internal double[] Normals { get; }

    /// <summary>The equalities of the problem solved last, which others usually share.</summary>
    internal volatile EqualitySet? Equalities;

    /// <summary>A program whose H is diagonal: weights of a distance, or 0 for numbers that have no quadratic.</summary>
    /// <param name="diagonal">The diagonal of H, n numbers ≥ 0; all 0 for a linear program.</param>
    /// <param name="constraints">C, m×n; m may be 0.</param>
    /// <exception cref="ArgumentException">A weight is negative, or a number NaN or ∞, or C has not n columns.</exception>
    public static QuadraticProgram OfDiagonal(ReadOnlySpan<double> diagonal, double[,] constraints)
    {
        ArgumentNullException.ThrowIfNull(constraints);
        if (diagonal.Length == 0 || constraints.GetLength(1) != diagonal.Length)
            throw new ArgumentException($"The diagonal has {diagonal.Length} values and the constraints {constraints.GetLength(1)} columns; both must have n, at least 1.", nameof(diagonal));
        return new(QuadraticForm.OfDiagonal(diagonal), Flat(constraints));
    }

    /// <summary>Solves one problem.</summary>
    /// <param name="gradient">g, n numbers.</param>
    /// <param name="lower">l, m numbers; −∞ where there is no bound.</param>
    /// <param name="upper">u, m numbers; +∞ where there is no bound.</param>
    /// <param name="warmStart">
    /// Where to start: m values, such as <see cref="ProgramSolution.Active"/> of a similar problem of the same constraints; empty to start from nothing. It saves time and changes no solution that is unique.
    /// </param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public ProgramSolution Solve(ReadOnlySpan<double> gradient, ReadOnlySpan<double> lower, ReadOnlySpan<double> upper, ReadOnlySpan<ActiveBound> warmStart = default)
    {
        CheckLength(gradient.Length, VariableCount, nameof(gradient));
        CheckLength(lower.Length, ConstraintCount, nameof(lower));
        CheckLength(upper.Length, ConstraintCount, nameof(upper));
        if (!warmStart.IsEmpty)
            CheckLength(warmStart.Length, ConstraintCount, nameof(warmStart));
        if (!workspaces.TryTake(out var workspace))
            workspace = new ProgramWorkspace(this);
        var solution = workspace.Solve(gradient, lower, upper, warmStart);
        workspaces.Add(workspace);
        return solution;
    }

    /// <summary>Solves many problems on all cores. No problem influences another: the solutions are those of <see cref="Solve"/>.</summary>
    /// <param name="gradients">g of each problem.</param>
    /// <param name="lower">l of each problem, or one for all.</param>
    /// <param name="upper">u of each problem, or one for all.</param>
    /// <param name="warmStarts">For each problem the solution of a similar one to start from; null to start from nothing.</param>
    /// <param name="cancellationToken">Stops by throwing <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ArgumentException">A list or an array has another length.</exception>
    public ProgramSolution[] SolveAll(IReadOnlyList<double[]> gradients, IReadOnlyList<double[]> lower, IReadOnlyList<double[]> upper, IReadOnlyList<ProgramSolution>? warmStarts = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentNullException.ThrowIfNull(upper);
        var rows = gradients.Count;
        void CheckCount<T>(IReadOnlyList<T> list, string name, bool allowsOne)
        {
            if (list.Count != rows && !(allowsOne && list.Count == 1))
                throw new ArgumentException($"{name} has {list.Count} items for {rows} problems; it must have one for each{(allowsOne ? ", or one for all" : "")}.", name);
            for (var i = 0; i < list.Count; i++)
                ArgumentNullException.ThrowIfNull(list[i], $"{name}[{i}]");
        }

        CheckCount(gradients, nameof(gradients), false);
        CheckCount(lower, nameof(lower), true);
        CheckCount(upper, nameof(upper), true);
        if (warmStarts is not null)
            CheckCount(warmStarts, nameof(warmStarts), false);
        for (var i = 0; i < rows; i++)
            CheckLength(gradients[i].Length, VariableCount, $"{nameof(gradients)}[{i}]");
        for (var i = 0; i < lower.Count; i++)
            CheckLength(lower[i].Length, ConstraintCount, $"{nameof(lower)}[{i}]");
        for (var i = 0; i < upper.Count; i++)
            CheckLength(upper[i].Length, ConstraintCount, $"{nameof(upper)}[{i}]");
        var solutions = new ProgramSolution[rows];
        ParallelLoop.For(rows, (long)rows * VariableCount * (VariableCount + ConstraintCount), row =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Interruption.Check();
            solutions[row] = Solve(gradients[row], lower[lower.Count == 1 ? 0 : row], upper[upper.Count == 1 ? 0 : row], warmStarts?[row].Active);
        });
        return solutions;
    }

    internal static double[] Flat(double[,] matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        var flat = new double[matrix.Length];
        Buffer.BlockCopy(matrix, 0, flat, 0, Buffer.ByteLength(matrix));
        return flat;
    }

    private static QuadraticForm Form(double[,]? hessian, double[,] constraints)
    {
        ArgumentNullException.ThrowIfNull(constraints);
        var n = constraints.GetLength(1);
        if (n == 0)
            throw new ArgumentException($"The constraints have no columns; a program has at least one number. For no constraints give new double[0, n].", nameof(constraints));
        if (hessian is null)
            return QuadraticForm.Identity(n);
        if (hessian.GetLength(0) != n || hessian.GetLength(1) != n)
            throw new ArgumentException($"The Hessian is {hessian.GetLength(0)}×{hessian.GetLength(1)}; the constraints have {n} columns, so it must be {n}×{n}.", nameof(hessian));
        return QuadraticForm.OfMatrix(Flat(hessian), n);
    }

    /// <summary>The norm, also of numbers whose squares are no numbers.</summary>
    private static double Length(ReadOnlySpan<double> row)
    {
        var largest = row.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(row));
        if (largest is 0 or (> 1e-100 and < 1e100))
            return TensorPrimitives.Norm(row);
        var sum = 0.0;
        foreach (var value in row)
            sum += value / largest * (value / largest);
        return largest * Math.Sqrt(sum);
    }

    private static void CheckLength(int actual, int expected, string name)
    {
        if (actual != expected)
            throw new ArgumentException($"{name} has {actual} values; the program needs {expected}.", name);
    }
}
