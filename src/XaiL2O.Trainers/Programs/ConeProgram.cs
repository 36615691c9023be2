using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// One quadratic program with balls beside its linear constraints, min ½xᵀHx + gᵀx s.t. l ≤ Cx ≤ u, ‖Aⱼx − cⱼ‖ ≤ rⱼ: Newton's method on the conditions of optimality (sequential quadratic programming
/// with the exact Hessian of the Lagrangian). Every step is a quadratic program in which a tangent plane stands for each ball. Since the plane cuts off no point of the ball, a step whose constraints contradict
/// each other proves that those of the problem do.
/// </summary>
internal sealed class ConeProgram
{
    private const int MaxSteps = 60;

    /// <summary>Planes that are tried to prove a contradiction where the steps have not ended.</summary>
    private const int MaxPlanes = 100;

    /// <summary>A residual that is not worth another step.</summary>
    private const double Fine = 1e-13;

    /// <summary>What counts beside the point, of the data that it was made of.</summary>
    private const double Remote = 1e-6;

    private readonly QuadraticForm form;
    private readonly double[] rows;
    private readonly double[] g;
    private readonly double[] l;
    private readonly double[] u;
    private readonly NormBall[] balls;
    private readonly double[] h;
    private readonly int n;
    private readonly int m;
    private readonly double[][] squares; // AᵀA, n×n

    private ConeProgram(QuadraticForm form, double[] rows, double[] g, double[] l, double[] u, NormBall[] balls)
    {
        (this.form, this.rows, this.g, this.l, this.u, this.balls) = (form, rows, g, l, u, balls);
        (n, m, h) = (form.Size, l.Length, form.Rows());
        squares = [.. balls.Select(Square)];
    }

    /// <summary>Solves. Constraints from m on are the balls, whose multipliers are those of their radii.</summary>
    /// <param name="form">H.</param>
    /// <param name="rows">C, row-major.</param>
    /// <param name="g">g.</param>
    /// <param name="l">l.</param>
    /// <param name="u">u.</param>
    /// <param name="balls">The balls.</param>
    public static ProgramSolution Solve(QuadraticForm form, double[] rows, double[] g, double[] l, double[] u, NormBall[] balls) => new ConeProgram(form, rows, g, l, u, balls).Solve();

    private ProgramSolution Solve()
    {
        for (var j = 0; j < balls.Length; j++)
        {
            if (balls[j].Radius < 0)
                return None(ProgramStatus.Infeasible, 0) with { Infeasibility = new double[m + balls.Length], Conflict = [m + j] };
        }

        var first = new QuadraticProgram(form, rows).Solve(g, l, u);
        if (first.Status is ProgramStatus.Infeasible or ProgramStatus.InvalidData)
            return Widened(first, null);
        var (x, λ, scale) = (first.X, new double[balls.Length], TensorPrimitives.Norm<double>(g));
        if (first.Status != ProgramStatus.Solved)
        {
            // The balls may give the objective an end.
            var feasible = new QuadraticProgram(QuadraticForm.Identity(n), rows).Solve(new double[n], l, u);
            if (feasible.Status != ProgramStatus.Solved)
                return Widened(feasible, null);
            x = feasible.X;
            Array.Fill(λ, scale);
        }

        var (best, iterations) = (None(ProgramStatus.NotConverged, 0), first.Iterations);
        for (var step = 0; step < MaxSteps; step++)
        {
            var (hessian, gradient) = ((double[])h.Clone(), (double[])g.Clone());
            for (var j = 0; j < balls.Length; j++)
            {
                var curvature = λ[j] / Math.Max(Length(j, x), balls[j].Radius);
                if (!(curvature > 0 && double.IsFinite(curvature)))
                    continue;
                TensorPrimitives.MultiplyAdd(squares[j], curvature, hessian, hessian);
                for (var i = 0; i < n; i++)
                    gradient[i] -= curvature * TensorPrimitives.Dot<double>(squares[j].AsSpan(i * n, n), x);
            }

            // Rounding may leave the halves apart.
            for (var i = 0; i < n; i++)
            {
                for (var k = 0; k < i; k++)
                    hessian[(i * n) + k] = hessian[(k * n) + i] = 0.5 * (hessian[(i * n) + k] + hessian[(k * n) + i]);
            }

            var (planes, lower, upper, owner) = Planes(x);
            var s = new QuadraticProgram(QuadraticForm.OfMatrix(hessian, n), planes).Solve(gradient, lower, upper);
            iterations += s.Iterations;
            if (s.Status == ProgramStatus.Infeasible)
                return Widened(s, owner);
            if (s.Status != ProgramStatus.Solved)
                break;
            x = s.X;
            Array.Clear(λ);
            for (var k = m; k < owner.Length; k++)
                λ[owner[k]] = balls[owner[k]].Radius > 0 ? -s.Multipliers[k] : 0;
            var residual = Residual(s, owner, λ);
            if (residual < best.Residual)
                best = Point(s, owner, λ, residual, iterations);
            else if (best.Residual <= QuadraticProgram.Tolerance)
                break;
            if (residual <= Fine)
                break;
        }

        return best.Status == ProgramStatus.Solved ? best : Contradiction(x) ?? best;
    }

    /// <summary>The linear constraints with a tangent plane for each ball; for one of radius 0 its equations.</summary>
    private (double[] Rows, double[] Lower, double[] Upper, int[] Owner) Planes(ReadOnlySpan<double> x)
    {
        List<double> all = [.. rows], lower = [.. l], upper = [.. u];
        List<int> owner = [.. Enumerable.Repeat(-1, m)];
        for (var j = 0; j < balls.Length; j++)
        {
            var ball = balls[j];
            if (ball.Radius == 0)
            {
                for (var k = 0; k < ball.Centre.Length; k++)
                {
                    all.AddRange(Row(ball, k));
                    lower.Add(ball.Centre[k]);
                    upper.Add(ball.Centre[k]);
                    owner.Add(j);
                }
            }
            else if (double.IsFinite(ball.Radius) && Plane(j, x) is { } plane)
            {
                all.AddRange(plane.Normal);
                lower.Add(double.NegativeInfinity);
                upper.Add(plane.Bound);
                owner.Add(j);
            }
        }

        return ([.. all], [.. lower], [.. upper], [.. owner]);
    }

    /// <summary>wᵀAx ≤ r + wᵀc with w in the direction of Ax̄ − c; null at the centre, which lies inside.</summary>
    private (double[] Normal, double Bound)? Plane(int j, ReadOnlySpan<double> x)
    {
        var (ball, w) = (balls[j], Image(balls[j], x));
        var length = TensorPrimitives.Norm<double>(w);
        if (length == 0)
            return null;
        TensorPrimitives.Divide(w, length, w);
        return (Back(ball, w), ball.Radius + TensorPrimitives.Dot<double>(w, ball.Centre));
    }

    private double Residual(ProgramSolution s, int[] owner, double[] λ)
    {
        var (x, rest) = (s.X, (double[])g.Clone());
        var (worst, size) = (0.0, TensorPrimitives.Norm<double>(x));
        var scale = TensorPrimitives.Norm<double>(g);
        // A solution of 0 has no size of its own; what it was made of has.
        size += Remote * scale;
        static double Share(double part, double whole) => part == 0 ? 0 : part / whole;
        void Take(ReadOnlySpan<double> row, double y)
        {
            TensorPrimitives.MultiplyAdd(row, -y, rest, rest);
            scale = Math.Max(scale, Math.Abs(y) * TensorPrimitives.Norm(row));
        }

        var hx = new double[n];
        form.Apply(x, hx);
        scale = Math.Max(scale, TensorPrimitives.Norm<double>(hx));
        TensorPrimitives.Add(rest, hx, rest);
        for (var i = 0; i < m; i++)
        {
            var row = rows.AsSpan(i * n, n);
            var (value, length) = (TensorPrimitives.Dot(row, x), TensorPrimitives.Norm<double>(row));
            var violation = Math.Max(l[i] - value, value - u[i]);
            if (violation > 0)
                worst = Math.Max(worst, Share(violation, (length * size) + Math.Abs(l[i] > value ? l[i] : u[i])));
            if (s.Multipliers[i] != 0)
                Take(row, s.Multipliers[i]);
        }

        for (var j = 0; j < balls.Length; j++)
        {
            if (double.IsInfinity(balls[j].Radius))
                continue;
            var ball = balls[j];
            var (length, allowed) = (Length(j, x), ball.Radius + TensorPrimitives.Norm<double>(ball.Centre));
            worst = Math.Max(worst, Share(Math.Max(0, length - ball.Radius), Math.Max(allowed, size)));
            if (λ[j] > 0 && Plane(j, x) is { } plane)
            {
                worst = Math.Max(worst, Share(Math.Abs(length - ball.Radius), Math.Max(allowed, size)));
                Take(plane.Normal, -λ[j]);
            }
        }

        for (var k = m; k < owner.Length; k++)
        {
            if (balls[owner[k]].Radius == 0)
                Take(Row(balls[owner[k]], k - Array.IndexOf(owner, owner[k])), s.Multipliers[k]);
        }

        var left = TensorPrimitives.Norm<double>(rest);
        return Math.Max(double.IsNaN(worst) ? double.PositiveInfinity : worst, left == 0 ? 0 : left / scale);
    }

    private ProgramSolution Point(ProgramSolution s, int[] owner, double[] λ, double residual, int iterations)
    {
        var hx = new double[n];
        form.Apply(s.X, hx);
        var (y, active) = (new double[m + balls.Length], new ActiveBound[m + balls.Length]);
        s.Multipliers.AsSpan(0, m).CopyTo(y);
        s.Active.AsSpan(0, m).CopyTo(active);
        for (var k = m; k < owner.Length; k++)
        {
            var j = owner[k];
            // Of a point, whose radius is 0, the length of the multipliers of its equations is the rate at which the value rises where the radius shrinks.
            y[m + j] = balls[j].Radius > 0 ? -λ[j] : -Math.Sqrt((y[m + j] * y[m + j]) + (s.Multipliers[k] * s.Multipliers[k]));
            if (s.Active[k] != ActiveBound.None)
                active[m + j] = ActiveBound.Upper;
        }

        return new(residual <= QuadraticProgram.Tolerance ? ProgramStatus.Solved : ProgramStatus.NotConverged, s.X, y, active, (0.5 * TensorPrimitives.Dot<double>(s.X, hx)) + TensorPrimitives.Dot<double>(g, s.X), residual, iterations);
    }

    /// <summary>Gathers planes until they contradict each other or the linear constraints, or a point satisfies all.</summary>
    private ProgramSolution? Contradiction(double[] x)
    {
        List<double> all = [.. rows], lower = [.. l], upper = [.. u];
        List<int> owner = [.. Enumerable.Repeat(-1, m)];
        if (!x.All(double.IsFinite))
            x = new double[n];
        while (owner.Count < m + MaxPlanes)
        {
            var s = new QuadraticProgram(QuadraticForm.Identity(n), [.. all]).Solve([.. x.Select(v => -v)], [.. lower], [.. upper]);
            if (s.Status == ProgramStatus.Infeasible)
                return Widened(s, [.. owner]);
            if (s.Status != ProgramStatus.Solved)
                return null;
            x = s.X;
            var known = owner.Count;
            for (var j = 0; j < balls.Length; j++)
            {
                if (Length(j, x) > balls[j].Radius * (1 + QuadraticProgram.Tolerance) && Plane(j, x) is { } plane)
                {
                    all.AddRange(plane.Normal);
                    lower.Add(double.NegativeInfinity);
                    upper.Add(plane.Bound);
                    owner.Add(j);
                }
            }

            if (owner.Count == known)
                return null;
        }

        return null;
    }

    /// <summary>A solution of linear constraints as one of this problem; planes stand for their balls.</summary>
    private ProgramSolution Widened(ProgramSolution s, int[]? owner)
    {
        if (s.Status != ProgramStatus.Infeasible)
            return None(s.Status, s.Iterations);
        var y = new double[m + balls.Length];
        s.Infeasibility.AsSpan(0, m).CopyTo(y);
        for (var k = m; k < s.Infeasibility!.Length; k++)
            y[m + owner![k]] += s.Infeasibility[k];
        return None(s.Status, s.Iterations) with { Infeasibility = y, Conflict = [.. s.Conflict.Select(i => i < m ? i : m + owner![i]).Distinct().Order()] };
    }

    private ProgramSolution None(ProgramStatus status, int iterations)
    {
        double[] Nothing(int count) => [.. Enumerable.Repeat(double.NaN, count)];
        return new(status, Nothing(n), Nothing(m + balls.Length), new ActiveBound[m + balls.Length], double.NaN, double.PositiveInfinity, iterations);
    }

    private double[] Square(NormBall ball)
    {
        var square = new double[n * n];
        var k = ball.Centre.Length;
        for (var r = 0; r < k; r++)
        {
            var row = Row(ball, r);
            for (var i = 0; i < n; i++)
            {
                if (row[i] != 0)
                    TensorPrimitives.MultiplyAdd(row, row[i], square.AsSpan(i * n, n), square.AsSpan(i * n, n));
            }
        }

        return square;
    }

    private double Length(int j, ReadOnlySpan<double> x) => TensorPrimitives.Norm<double>(Image(balls[j], x));

    /// <summary>A row of A, with zeros for the numbers of x behind those that A is of.</summary>
    private double[] Row(NormBall ball, int k)
    {
        var row = new double[n];
        if (ball.Matrix is null)
            row[k] = 1;
        else
            ball.Matrix.AsSpan(k * Width(ball), Width(ball)).CopyTo(row);
        return row;
    }

    private static int Width(NormBall ball) => ball.Matrix!.Length / ball.Centre.Length;

    /// <summary>Ax − c.</summary>
    private static double[] Image(NormBall ball, ReadOnlySpan<double> x)
    {
        var image = new double[ball.Centre.Length];
        for (var k = 0; k < image.Length; k++)
            image[k] = (ball.Matrix is null ? x[k] : TensorPrimitives.Dot(ball.Matrix.AsSpan(k * Width(ball), Width(ball)), x[..Width(ball)])) - ball.Centre[k];
        return image;
    }

    /// <summary>Aᵀw.</summary>
    private double[] Back(NormBall ball, ReadOnlySpan<double> w)
    {
        var x = new double[n];
        for (var k = 0; k < w.Length; k++)
        {
            if (ball.Matrix is null)
                x[k] = w[k];
            else
                TensorPrimitives.MultiplyAdd(ball.Matrix.AsSpan(k * Width(ball), Width(ball)), w[k], x.AsSpan(0, Width(ball)), x.AsSpan(0, Width(ball)));
        }

        return x;
    }
}
