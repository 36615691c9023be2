using Google.OrTools.LinearSolver;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// min τ‖Kx‖₁ + ½‖Ax − d‖² or min τ‖Kx‖₁ s.t. ‖Ax − d‖ ≤ δ‖d‖, both with bounds on x, as plain arrays, and its optimal value by solvers that share
/// nothing with the product: GLOP for linear programs, an interior-point method for the others.
/// </summary>
public sealed record ConvexProblem(string Name, double[][] A, double[] Data)
{
    /// <summary>K; the identity when null.</summary>
    public double[][]? Transform { get; init; }

    /// <summary>τ.</summary>
    public double Sparsity { get; init; } = 1;

    /// <summary>δ; null for the penalty ½‖Ax − d‖².</summary>
    public double? Radius { get; init; }

    public double Lower { get; init; } = double.NegativeInfinity;

    public double Upper { get; init; } = double.PositiveInfinity;

    public int Size => A[0].Length;

    public override string ToString() => Name;

    /// <summary>The objective, without constraints.</summary>
    public double Objective(double[] x) => (Sparsity * Image(x).Sum(Math.Abs)) + (Radius is null ? 0.5 * Residual(x).Sum(r => r * r) : 0);

    /// <summary>How far constraints are violated: of the ball relative to ‖d‖, of the bounds relative to ‖x‖.</summary>
    public double Violation(double[] x)
    {
        var outside = Norm([.. x.Select(v => v - Math.Clamp(v, Lower, Upper))]) / Math.Max(Norm(x), 1e-300);
        if (Radius is not { } δ)
            return outside;
        var (r, d) = (Norm(Residual(x)), Norm(Data));
        return Math.Max(outside, d == 0 ? (r == 0 ? 0 : double.PositiveInfinity) : Math.Max(0, (r / d) - δ));
    }

    /// <summary>An objective near which optima count as 0: that of Aᵀd/‖A‖² or of 0.</summary>
    public double Scale()
    {
        var square = A.Sum(row => row.Sum(v => v * v));
        var x = new double[Size];
        for (var k = 0; k < A.Length; k++)
            for (var i = 0; i < Size; i++)
                x[i] += A[k][i] * Data[k] / Math.Max(square, 1e-300);
        return Math.Max(Objective(x), Objective(new double[Size]));
    }

    /// <summary>The optimal value; null where no point is feasible.</summary>
    public double? Optimum()
    {
        // Units in which A, K and d have size 1.
        var (a, d) = (Math.Sqrt(A.Sum(row => row.Sum(v => v * v))), Norm(Data));
        if (d == 0)
            return 0;
        var k = Transform is null ? 1 : Math.Sqrt(Transform.Sum(row => row.Sum(v => v * v)));
        var unit = d / a; // of x
        var scaled = this with
        {
            A = [.. A.Select(row => row.Select(v => v / a).ToArray())],
            Data = [.. Data.Select(v => v / d)],
            Transform = Transform is null ? null : [.. Transform.Select(row => row.Select(v => v / k).ToArray())],
            Sparsity = Radius is null ? Sparsity * k * unit / (d * d) : 1,
            Lower = Lower / unit,
            Upper = Upper / unit,
        };
        var value = Radius switch
        {
            null => scaled.Objective(scaled.Quadratic(1)),
            0 => scaled.Linear(),
            _ => scaled.Ball(),
        };
        return value * (Radius is null ? d * d : Sparsity * k * unit);
    }

    private double? Linear()
    {
        using var solver = Solver.CreateSolver("GLOP");
        var x = solver.MakeNumVarArray(Size, Lower, Upper);
        foreach (var (row, value) in A.Zip(Data))
        {
            var constraint = solver.MakeConstraint(value, value);
            for (var i = 0; i < Size; i++)
                constraint.SetCoefficient(x[i], row[i]);
        }

        foreach (var row in Transform ?? Identity())
        {
            var t = solver.MakeNumVar(0, double.PositiveInfinity, "");
            solver.Objective().SetCoefficient(t, 1);
            foreach (var sign in (int[])[1, -1])
            {
                // t ± (Kx)ᵢ ≥ 0.
                var constraint = solver.MakeConstraint(0, double.PositiveInfinity);
                constraint.SetCoefficient(t, 1);
                for (var i = 0; i < Size; i++)
                    constraint.SetCoefficient(x[i], sign * row[i]);
            }
        }

        solver.SetSolverSpecificParametersAsString("primal_feasibility_tolerance: 1e-10 dual_feasibility_tolerance: 1e-10");
        return solver.Solve() == Solver.ResultStatus.OPTIMAL ? solver.Objective().Value() : null;
    }

    /// <summary>
    /// The ball's multiplier μ: max over μ of q(μ) = min τ‖Kx‖₁ + μ/2·(‖Ax − d‖² − δ²), which is concave, by bisection and then by regula falsi (the Illinois
    /// variant) on its derivative, until what is missing, at most the width of the interval times the derivative, is 10⁻¹⁰ of q.
    /// </summary>
    private double? Ball()
    {
        var δ = Radius!.Value;
        double Excess(double[] x) => Norm(Residual(x)) - δ;
        var start = new double[Size];
        if (Lower <= 0 && Upper >= 0 && Excess(start) <= 0)
            return 0;
        if (Excess((this with { Sparsity = 0 }).Quadratic(1)) > 1e-7)
            return null;
        // Of log μ, with the excesses there; those at the ends are not known, and halving comes first.
        var (low, high, lowExcess, highExcess) = (Math.Log(1e-6), Math.Log(1e9), 0.0, 0.0);
        var (value, last) = (0.0, 0);
        for (var i = 0; i < 60; i++)
        {
            var at = high - low > 2 || lowExcess <= 0 || highExcess >= 0 ? (low + high) / 2 : ((low * highExcess) - (high * lowExcess)) / (highExcess - lowExcess);
            var μ = Math.Exp(at);
            var x = Quadratic(μ);
            var derivative = 0.5 * (Residual(x).Sum(r => r * r) - (δ * δ));
            value = (Sparsity * Image(x).Sum(Math.Abs)) + (μ * derivative);
            var excess = Excess(x);
            // The end that stays counts half when it stayed before, so that both ends move.
            (low, lowExcess, high, highExcess) = excess > 0
                ? (at, excess, high, last > 0 ? highExcess / 2 : highExcess)
                : (low, last < 0 ? lowExcess / 2 : lowExcess, at, excess);
            last = excess > 0 ? 1 : -1;
            if ((Math.Exp(high) - Math.Exp(low)) * Math.Abs(derivative) <= 1e-10 * Math.Abs(value))
                break;
        }

        return value;
    }

    /// <summary>min τ‖Kx‖₁ + μ/2·‖Ax − d‖² with bounds, in x = (x, t⁺, t⁻, slacks of the upper bound) with lower bounds moved to 0.</summary>
    private double[] Quadratic(double μ)
    {
        var K = Sparsity > 0 ? Transform ?? Identity() : [];
        // Neither factor is far above 1, which interior points need.
        var (penalty, sparsity) = (μ / Math.Max(1, μ), Sparsity / Math.Max(1, μ));
        var (n, q) = (Size, K.Length);
        var (below, above) = (double.IsFinite(Lower), double.IsFinite(Upper));
        var shift = below ? Lower : 0;
        var total = n + (2 * q) + (above ? n : 0);
        var Q = new double[total][];
        for (var i = 0; i < total; i++)
            Q[i] = new double[total];
        var c = new double[total];
        for (var k = 0; k < A.Length; k++)
        {
            var rest = Data[k] - (shift * A[k].Sum());
            for (var i = 0; i < n; i++)
            {
                c[i] -= penalty * A[k][i] * rest;
                for (var j = 0; j < n; j++)
                    Q[i][j] += penalty * A[k][i] * A[k][j];
            }
        }

        Array.Fill(c, sparsity, n, 2 * q);
        List<double[]> E = [];
        List<double> f = [];
        for (var r = 0; r < q; r++)
        {
            var row = new double[total];
            Array.Copy(K[r], row, n);
            (row[n + r], row[n + q + r]) = (-1, 1);
            E.Add(row);
            f.Add(-shift * K[r].Sum());
        }

        for (var i = 0; above && i < n; i++)
        {
            var row = new double[total];
            (row[i], row[n + (2 * q) + i]) = (1, 1);
            E.Add(row);
            f.Add(Upper - shift);
        }

        var solution = InteriorPoint.Solve(Q, c, [.. E], [.. f], [.. Enumerable.Range(0, total).Select(i => i >= n || below)]);
        return [.. solution[..n].Select(v => v + shift)];
    }

    private double[][] Identity() => [.. Enumerable.Range(0, Size).Select(i => Enumerable.Range(0, Size).Select(j => i == j ? 1.0 : 0.0).ToArray())];

    private double[] Image(double[] x) => Transform is null ? x : [.. Transform.Select(row => InteriorPoint.Dot(row, x))];

    private double[] Residual(double[] x) => [.. A.Zip(Data, (row, d) => InteriorPoint.Dot(row, x) - d)];

    private static double Norm(double[] v) => Math.Sqrt(v.Sum(a => a * a));
}
