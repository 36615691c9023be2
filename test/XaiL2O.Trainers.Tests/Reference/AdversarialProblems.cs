namespace XaiL2O.Trainers.Tests;

/// <summary>Families of random and of awkward problems: scales from 10⁻⁶ to 10⁶, nearly dependent rows, duplicated columns, no data, balls that nothing satisfies.</summary>
internal static class AdversarialProblems
{
    private static readonly double[] Scales = [1, 100, 1e-6, 1e6, 1e-4, 1];

    /// <summary>min ‖Kx‖₁ s.t. Ax = d or a ball, with and without bounds.</summary>
    public static IEnumerable<ConvexProblem> Constrained(int count, bool bounds)
    {
        for (var i = 0; i < count; i++)
        {
            var random = new Random(1000 + i);
            var (m, n) = (i % 4) switch { 0 => (10, 25), 1 => (4, 8), 2 => (20, 50), _ => (12, 16) };
            var box = bounds && i % 3 == 1;
            var A = Matrix(random, m, n);
            var truth = Sparse(random, n, Math.Max(2, n / 8));
            Awkward(i, random, A);
            // Inside the bounds: rounded matrices leave a point on the boundary infeasible.
            var d = Product(A, box ? [.. truth.Select(v => Math.Abs(v) + 0.02)] : truth);
            var K = (i / 2 % 5) switch
            {
                0 => null,
                1 => Matrix(random, n, n),
                2 => Matrix(random, n + 5, n),
                3 => Differences(n),
                _ => Ill(random, n),
            };
            double? radius = bounds ? (i % 5) switch { 0 => 0.02, 1 => 0.1, 2 => 0, 3 => 0.5, _ => 0.02 } : 0;
            yield return Scaled(i, new ConvexProblem($"#{i} {m}×{n}{(box ? " x ≥ 0" : "")} δ = {radius} K {i / 2 % 5} awkward {i % 7} scale {i % Scales.Length}", A, d)
            {
                Transform = K,
                Radius = radius,
                Lower = box ? 0 : double.NegativeInfinity,
            });
        }

        if (!bounds)
            yield break;
        // Twice the same row with two values: nothing is within 1 % of the data.
        var twice = Matrix(new Random(7), 4, 8);
        twice[1] = twice[0];
        yield return new ConvexProblem("infeasible ball", twice, [1, -1, 0.5, 0.2]) { Radius = 0.01 };
        yield return new ConvexProblem("infeasible equality", twice, [1, -1, 0.5, 0.2]) { Radius = 0 };
        yield return new ConvexProblem("no data", Matrix(new Random(8), 4, 8), new double[4]) { Radius = 0.1 };
        yield return new ConvexProblem("ball around everything", Matrix(new Random(9), 4, 8), [1, -1, 0.5, 0.2]) { Radius = 1.5 };
    }

    /// <summary>min ½‖Ax − d‖² + τ‖x‖₁ with and without x ≥ 0 or a box.</summary>
    public static IEnumerable<ConvexProblem> Penalised(int count, bool two)
    {
        for (var i = 0; i < count; i++)
        {
            var random = new Random(5000 + i);
            var (m, n) = (i % 4) switch { 0 => (40, 20), 1 => (10, 20), 2 => (30, 12), _ => (8, 8) };
            var overlapping = i % 5 == 4;
            var A = overlapping ? Spectra(20, 60, 0.08) : Matrix(random, m, n);
            if (!overlapping)
                Awkward(i, random, A);
            n = A[0].Length;
            var truth = Sparse(random, n, Math.Max(2, n / 4)).Select(Math.Abs).ToArray();
            var d = Product(A, truth);
            var noise = 0.01 * Math.Sqrt(d.Sum(v => v * v) / d.Length);
            for (var k = 0; k < d.Length; k++)
                d[k] += noise * Normal(random);
            var bounds = two || i % 2 == 1;
            var sparse = two || i % 2 == 0;
            var strength = Enumerable.Range(0, n).Max(j => Math.Abs(A.Select((row, k) => row[j] * d[k]).Sum())) * (i % 3) switch { 0 => 0.01, 1 => 0.1, _ => 0.001 };
            yield return Scaled(i, new ConvexProblem($"#{i} {A.Length}×{n}{(bounds ? " bounds" : "")}{(sparse ? " ℓ1" : "")}{(overlapping ? " overlapping" : "")} awkward {i % 7} scale {i % Scales.Length}", A, d)
            {
                Sparsity = sparse ? strength : 0,
                Lower = bounds ? 0 : double.NegativeInfinity,
                Upper = bounds && i % 6 == 5 ? truth.Max() / 2 : double.PositiveInfinity,
            });
        }

        yield return new ConvexProblem("no data", Matrix(new Random(8), 4, 8), new double[4]) { Sparsity = 0.1, Lower = two ? 0 : double.NegativeInfinity };
    }

    /// <summary>
    /// min ½‖Ax − d‖² with x ≥ 0, wide bounds or a little ℓ1, where A is small along some directions and d is not: the solution is far away along a direction in which
    /// the objective is nearly flat.
    /// </summary>
    public static IEnumerable<ConvexProblem> Flat(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var random = new Random(9000 + i);
            var n = (i % 3) switch { 0 => 2, 1 => 5, _ => 12 };
            var decades = 2 + (i / 3 % 4);
            var A = Enumerable.Range(0, n).Select(k => Enumerable.Range(0, n).Select(j => j == k ? Math.Pow(10, -(double)decades * k / (n - 1)) : 0).ToArray()).ToArray();
            if (i % 2 == 1)
                A = [.. A.Select((row, k) => row.Select((v, j) => v + (0.3 * A[k][k] * A[j][j] * Normal(random))).ToArray())];
            var d = Enumerable.Range(0, n).Select(_ => 0.5 + random.NextDouble()).ToArray();
            var kind = i / 2 % 3;
            yield return Scaled(i, new ConvexProblem($"#{i} flat {n} 10^-{decades} {(kind switch { 0 => "x ≥ 0", 1 => "wide bounds", _ => "little ℓ1" })} scale {i % Scales.Length}", A, d)
            {
                Sparsity = kind == 2 ? Math.Pow(10, -decades - 1) : 0,
                Lower = kind == 2 ? double.NegativeInfinity : 0,
                Upper = kind == 1 ? Math.Pow(10, decades + 1) : double.PositiveInfinity,
            });
        }
    }

    /// <summary>Scales A and d, and what must follow for the problem to stay alike.</summary>
    private static ConvexProblem Scaled(int i, ConvexProblem problem)
    {
        var (a, d) = (Scales[i / 3 % Scales.Length], Scales[i % Scales.Length]);
        var x = d / a;
        return problem with
        {
            A = [.. problem.A.Select(row => row.Select(v => (double)(float)(v * a)).ToArray())],
            Data = [.. problem.Data.Select(v => v * d)],
            Transform = problem.Transform is null ? null : [.. problem.Transform.Select(row => row.Select(v => (double)(float)v).ToArray())],
            Sparsity = problem.Radius is null ? (double)(float)(problem.Sparsity * d * a) : problem.Sparsity,
            Lower = problem.Lower * x,
            Upper = problem.Upper * x,
        };
    }

    private static void Awkward(int i, Random random, double[][] A)
    {
        switch (i % 7)
        {
            case 1: // nearly dependent rows
                for (var j = 0; j < A[0].Length; j++)
                    A[1][j] = A[0][j] + (1e-3 * Normal(random));
                break;
            case 3: // duplicated columns
                foreach (var row in A)
                    row[1] = row[0];
                break;
            case 5: // one large row
                for (var j = 0; j < A[0].Length; j++)
                    A[2][j] *= 1000;
                break;
        }
    }

    private static double[][] Spectra(int count, int samples, double width) =>
        [.. Enumerable.Range(0, samples).Select(k => Enumerable.Range(0, count).Select(i => Math.Exp(-Math.Pow(((double)k / (samples - 1)) - ((double)i / (count - 1)), 2) / (2 * width * width))).ToArray())];

    private static double[][] Differences(int n) =>
        [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Select(j => i == n - 1 ? (j == 0 ? 1e-3 : 0) : j == i ? -1.0 : j == i + 1 ? 1 : 0).ToArray())];

    /// <summary>Rows whose sizes span five orders of magnitude.</summary>
    private static double[][] Ill(Random random, int n) =>
        [.. Matrix(random, n, n).Select((row, i) => row.Select(v => v * Math.Pow(10, -5.0 * i / (n - 1))).ToArray())];

    private static double[][] Matrix(Random random, int rows, int columns) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => Normal(random)).ToArray())];

    private static double[] Sparse(Random random, int n, int count)
    {
        var x = new double[n];
        for (var k = 0; k < count; k++)
            x[random.Next(n)] = Normal(random);
        return x;
    }

    private static double[] Product(double[][] A, double[] x) => [.. A.Select(row => InteriorPoint.Dot(row, x))];

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
