using BenchmarkDotNet.Attributes;
using XaiL2O.Trainers;
using XaiL2O.Trainers.Tests;

namespace XaiL2O.Benchmarks;

/// <summary>The nearest points of polyhedra of 50 numbers, 20 equalities and 30 inequalities with right-hand sides of their own; read the Ratio column, which is per row.</summary>
[SimpleJob(launchCount: 1, warmupCount: 2, iterationCount: 8)]
public class ProjectionRows
{
    private const int Size = 50;
    private const int Equalities = 20;
    private const int Constraints = 50;
    private const int Rows = 1000;
    private const int FewRows = 10;
    private readonly double[][] gradients = new double[Rows][];
    private readonly double[][] lower = new double[Rows][];
    private readonly double[][] upper = new double[Rows][];
    private readonly double[,] matrix = new double[Constraints, Size];
    private QuadraticProgram program = null!;
    private double[][] quadratic = [];
    private double[][] equations = [];
    private bool[] nonnegative = [];
    private PdlpProgram[] models = [];

    /// <summary>Draws the problems.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(7);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        for (var i = 0; i < Constraints; i++)
            for (var j = 0; j < Size; j++)
                matrix[i, j] = Normal();
        for (var row = 0; row < Rows; row++)
        {
            double[] x = [.. Enumerable.Range(0, Size).Select(_ => Normal())];
            double[] value = [.. Enumerable.Range(0, Constraints).Select(i => Enumerable.Range(0, Size).Sum(j => matrix[i, j] * x[j]))];
            gradients[row] = [.. Enumerable.Range(0, Size).Select(_ => -2 * Normal())];
            lower[row] = [.. value.Select((v, i) => i < Equalities ? v : v - random.NextDouble())];
            upper[row] = [.. value.Select((v, i) => i < Equalities ? v : double.PositiveInfinity)];
        }

        program = new QuadraticProgram(null, matrix);
        // The interior-point method has a slack for each inequality.
        var total = Size + Constraints - Equalities;
        quadratic = [.. Enumerable.Range(0, total).Select(i => Enumerable.Range(0, total).Select(j => i == j && i < Size ? 1.0 : 0).ToArray())];
        equations = [.. Enumerable.Range(0, Constraints).Select(i => Enumerable.Range(0, total).Select(j => j < Size ? matrix[i, j] : j - Size == i - Equalities ? -1.0 : 0).ToArray())];
        models = [.. Enumerable.Range(0, FewRows).Select(row => new PdlpProgram(matrix, gradients[row], lower[row], upper[row], 1e-9))];
        nonnegative = [.. Enumerable.Range(0, total).Select(i => i >= Size)];
    }

    /// <summary>PDLP of Google OR-Tools to 1e-9, row by row, without the time to make its models.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = FewRows)]
    public double Pdlp() => models.Sum(m => m.Solve());

    /// <summary>An interior-point method of plain arrays, row by row.</summary>
    [Benchmark(OperationsPerInvoke = FewRows)]
    public double InteriorPointMethod() => Enumerable.Range(0, FewRows).Sum(row => InteriorPoint.Solve(quadratic, [.. gradients[row], .. new double[Constraints - Equalities]], equations, lower[row], nonnegative)[0]);

    /// <summary>Ours, row by row on one thread.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public double OneByOne() => Enumerable.Range(0, Rows).Sum(row => program.Solve(gradients[row], lower[row], upper[row]).X[0]);

    /// <summary>Ours, all rows together on all cores.</summary>
    [Benchmark(OperationsPerInvoke = Rows)]
    public double Together() => program.SolveAll(gradients, lower, upper).Sum(s => s.X[0]);
}
