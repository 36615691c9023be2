using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// A small instance of min ‖Kx‖₁ s.t. ‖Ax − d‖ ≤ δ‖d‖, lower ≤ x ≤ upper, with an exact reference for δ = 0 that shares no code with
/// the product: the objective is linear between the hyperplanes (Kx)ᵢ = 0, so its minimum is at a vertex cut out by hyperplanes, and
/// all of them are tried.
/// </summary>
internal sealed record SmallProblem(string Name, int Signal, int Data, int Transform, int Seed)
{
    private const int Rows = 3;

    public double Radius { get; init; }

    public (double Lower, double Upper)? Box { get; init; }

    /// <summary>Takes a common direction out of K and A, so that x is not unique and KN has dependent columns.</summary>
    public bool CommonNullVector { get; init; }

    public double Alpha { get; init; } = 3;

    public override string ToString() => Name;

    public Instance Make()
    {
        using var generator = new Generator((ulong)Seed);
        Tensor Draw(params long[] shape) => randn(shape, dtype: float64, generator: generator);
        var (K, A) = (Draw(Transform, Signal), Draw(Data, Signal));
        var direction = Draw(Signal, 1);
        if (CommonNullVector)
        {
            var complement = eye(Signal, dtype: float64) - (mm(direction, direction.t()) / direction.square().sum());
            (K, A) = (mm(K, complement), mm(A, complement));
        }

        // Data that a point inside the box explains.
        var truth = Draw(Rows, Signal);
        if (Box is { } box)
            truth = truth.clamp(box.Lower, box.Upper) * 0.8;
        var d = mm(truth, A.t());
        var f = new L1Term("Sparsity", new MatrixOperator(K / linalg.norm(K, 2)));
        var fidelity = new FidelityTerm("Fidelity", new MatrixOperator(A / linalg.norm(A, 2)), Radius);
        var h = Box is { } b ? new BoxTerm("Box", Signal, b.Lower, b.Upper) : null;
        var steps = StepSizes.FromNormBound(new StackedOperator(f.Operator, fidelity.Operator), Alpha);
        return new Instance(this, new LinearizedAdmm(f, fidelity, h, steps), d / linalg.norm(A, 2), CommonNullVector ? direction : null);
    }
}

/// <summary>The terms, the data and the reference of a <see cref="SmallProblem"/>.</summary>
internal sealed record Instance(SmallProblem Problem, LinearizedAdmm Admm, Tensor Data, Tensor? NullVector)
{
    public MatrixOperator K => (MatrixOperator)Admm.F.Operator;

    public MatrixOperator A => (MatrixOperator)Admm.Fidelity.Operator;

    public Tensor Objective(Tensor x) => K.Apply(x).abs().sum(1);

    /// <summary>The same problem with the step in x preconditioned, the box beside K.</summary>
    public LinearizedAdmm Preconditioned(double strength = 20)
    {
        IProximable f = Admm.H is { } box ? new StackedTerm(Admm.F, box) : Admm.F;
        var norm = Math.Max(1, f.Operator.NormBound);
        return new(f, Admm.Fidelity, null, new StepSizes(Problem.Alpha, 1 / (Problem.Alpha * norm * norm), 1 / Problem.Alpha), new GramPreconditioner(A, strength, float64), Admm.H);
    }

    public AffineDouglasRachford Exact() => new(Admm, new MeasurementGeometry(A.Matrix));

    /// <summary>The same problem with every transformed term stacked.</summary>
    public PrimalDual PrimalDual()
    {
        var f = new StackedTerm(Admm.F, Admm.Fidelity);
        var norm = f.Operator.NormBound;
        return new PrimalDual(new SmoothSum(), Admm.H, f, 1 / (Problem.Alpha * norm), Problem.Alpha / norm);
    }

    /// <summary>min ½‖Ax − d‖² + 0.1‖x‖₁ of the same data.</summary>
    public ProximalGradient Lasso() => new(new LeastSquaresTerm("Fidelity", A), new WeightedProximable(new L1Term("Sparsity", new IdentityOperator(Problem.Signal)), 0.1), Problem.Signal, 1);

    /// <summary>The optimal value of every row, for δ = 0.</summary>
    public double[] ReferenceValues()
    {
        var (K, A) = (Rows(this.K.Matrix), Rows(this.A.Matrix));
        var n = Problem.Signal;
        var equalities = A.Select(row => row).ToList();
        if (NullVector is not null)
            equalities.Add(NullVector.flatten().data<double>().ToArray()); // any component along it is as good: choose 0
        var planes = K.Select(row => (Row: row, Value: 0.0)).ToList();
        if (Problem.Box is { } box)
        {
            foreach (var i in Enumerable.Range(0, n))
            {
                var unit = Enumerable.Range(0, n).Select(j => i == j ? 1.0 : 0.0).ToArray();
                planes.Add((unit, box.Lower));
                planes.Add((unit, box.Upper));
            }
        }

        return [.. Rows(Data).Select(d => Subsets(planes.Count, n - equalities.Count)
            .Select(chosen => Solve(
                [.. equalities, .. chosen.Select(i => planes[i].Row)],
                [.. d, .. new double[equalities.Count - d.Length], .. chosen.Select(i => planes[i].Value)]))
            .Where(x => x is not null && (Problem.Box is not { } b || x.All(v => v >= b.Lower - 1e-9 && v <= b.Upper + 1e-9)))
            .Min(x => K.Sum(row => Math.Abs(row.Zip(x!, (a, v) => a * v).Sum()))))];
    }

    private static double[][] Rows(Tensor matrix) =>
        [.. matrix.detach().contiguous().data<double>().ToArray().Chunk((int)matrix.shape[1])];

    private static IEnumerable<int[]> Subsets(int count, int size, int from = 0)
    {
        if (size == 0)
            return [[]];
        return Enumerable.Range(from, Math.Max(0, count - size + 1 - from)).SelectMany(first => Subsets(count, size - 1, first + 1).Select(rest => (int[])[first, .. rest]));
    }

    /// <summary>Gaussian elimination with row exchanges; null where the matrix is singular.</summary>
    private static double[]? Solve(double[][] matrix, double[] right)
    {
        var n = right.Length;
        var rows = matrix.Select((row, i) => (double[])[.. row, right[i]]).ToArray();
        for (var k = 0; k < n; k++)
        {
            var pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(rows[i][k]));
            if (Math.Abs(rows[pivot][k]) < 1e-10)
                return null;
            (rows[k], rows[pivot]) = (rows[pivot], rows[k]);
            foreach (var i in Enumerable.Range(0, n).Where(i => i != k))
            {
                var factor = rows[i][k] / rows[k][k];
                for (var j = k; j <= n; j++)
                    rows[i][j] -= factor * rows[k][j];
            }
        }

        return [.. Enumerable.Range(0, n).Select(i => rows[i][n] / rows[i][i])];
    }
}
