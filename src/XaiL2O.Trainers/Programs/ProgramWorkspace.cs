using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace XaiL2O.Trainers;

/// <summary>Room in which one thread solves problems of a <see cref="QuadraticProgram"/>, one after the other: proximal steps, refinement, verification.</summary>
internal sealed class ProgramWorkspace
{
    /// <summary>A residual that refinement does not try to improve.</summary>
    private const double Fine = 1e-14;

    /// <summary>Sines of angles below which a direction runs along a constraint, such as those of the working set.</summary>
    private const double Along = 1e-9;

    /// <summary>What counts of the size of data beside that of x: 10⁻¹⁴ of it is rounding, 10⁻⁸ of that of x the tolerance.</summary>
    private const double Remote = 1e-6;

    /// <summary>Proximal steps where H is singular.</summary>
    private const int MaxSteps = 200;

    /// <summary>Steps after which it is tried whether the objective has an end.</summary>
    private const int StepsBeforeRay = 4;

    /// <summary>Points up to this many times as far as the known ones are proved not to be feasible.</summary>
    private const double Reach = 1e3;

    private readonly QuadraticProgram program;
    private readonly LeastDistance core;
    private readonly int n;
    private readonly int m;
    private readonly double[] x;
    private readonly double[] multipliers; // λ of the working set
    private readonly double[] trialX;
    private readonly double[] trialMultipliers;
    private readonly double[] centre; // of the proximal step
    private readonly double[] p;
    private readonly double[] rest; // g + Hx − Cᵀy
    private readonly double[] open; // what active constraints miss
    private readonly List<int> equalities = [];
    private double unit; // y of a whitened constraint is λ times this
    private double size; // about how large points are, beside x itself

    public ProgramWorkspace(QuadraticProgram program)
    {
        this.program = program;
        (n, m) = (program.VariableCount, program.ConstraintCount);
        core = new LeastDistance(n, program.Normals);
        (x, multipliers, trialX, trialMultipliers) = (new double[n], new double[n], new double[n], new double[n]);
        (centre, p, rest, open) = (new double[n], new double[n], new double[n], new double[n]);
    }

    private QuadraticForm H => program.Hessian;

    public ProgramSolution Solve(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u, ReadOnlySpan<ActiveBound> warmStart)
    {
        if (!AreValid(g, l, u))
            return NoPoint(ProgramStatus.InvalidData);
        unit = 1;
        if (H.IsSingular)
        {
            size = TypicalSize(l, u);
        }
        else
        {
            Target(g);
            // How large −H⁻¹g is.
            p.CopyTo(x, 0);
            H.Unwhiten(x);
            size = TensorPrimitives.Norm<double>(x);
        }

        if (Crossed(l, u) is { } crossed)
            return crossed;
        if (!Begin())
            return Contradiction(l, u);
        for (var i = 0; i < warmStart.Length; i++)
        {
            if (warmStart[i] is ActiveBound.Lower or ActiveBound.Upper)
                core.Suggest(i, warmStart[i] == ActiveBound.Lower ? 1 : -1);
        }

        return H.IsSingular ? Steps(g, l, u) : core.Run(p) ? Solution(g, Finish(g, l, u)) : Contradiction(l, u);
    }

    private static bool AreValid(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        if (g.ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
            return false;
        for (var i = 0; i < l.Length; i++)
        {
            if (!(l[i] < double.PositiveInfinity && u[i] > double.NegativeInfinity))
                return false;
        }

        return true;
    }

    /// <summary>The median of the bounds that are not 0, in units of x, so that a bound far away says nothing; 1 where there is none.</summary>
    private double TypicalSize(ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        var sizes = new List<double>(2 * m);
        for (var i = 0; i < m; i++)
        {
            foreach (var bound in (ReadOnlySpan<double>)[l[i], u[i]])
            {
                if (program.Lengths[i] > 0 && bound != 0 && double.IsFinite(bound))
                    sizes.Add(Math.Abs(bound) / program.Lengths[i]);
            }
        }

        sizes.Sort();
        return sizes.Count == 0 ? 1 : sizes[sizes.Count / 2];
    }

    /// <summary>Takes the bounds in units of the working set; bounds that no x satisfies are found here where one constraint is enough.</summary>
    private ProgramSolution? Crossed(ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        equalities.Clear();
        for (var i = 0; i < m; i++)
        {
            var length = program.WhitenedLengths[i];
            if (length == 0 && (l[i] > 0 || u[i] < 0))
                return NoPoint(ProgramStatus.Infeasible) with { Infeasibility = Unit(i, l[i] > 0 ? 1 : -1), Conflict = [i] };
            var crossing = l[i] - u[i];
            if (crossing > 0.1 * QuadraticProgram.Tolerance * (Math.Abs(l[i]) + Math.Abs(u[i])) && crossing > Fine * program.Lengths[i] * size)
                return NoPoint(ProgramStatus.Infeasible) with { Infeasibility = new double[m], Conflict = [i] };
            // Numbers that only just cross are meant to be equal.
            var middle = crossing > 0 ? 0.5 * (l[i] + u[i]) : double.NaN;
            (core.Lower[i], core.Upper[i]) = length == 0 ? (double.NegativeInfinity, double.PositiveInfinity) : crossing > 0 ? (middle / length, middle / length) : (l[i] / length, u[i] / length);
            if (length > 0 && core.IsEquality(i))
                equalities.Add(i);
        }

        return null;
    }

    private bool Begin()
    {
        var known = program.Equalities;
        if (known is not null && known.Indices.AsSpan().SequenceEqual(CollectionsMarshal.AsSpan(equalities)))
            return core.Begin(known.Set, size);
        var holds = core.Begin(null, size);
        if (core.Set.Count > 0)
        {
            var copy = new WorkingSet(n);
            copy.CopyFrom(core.Set);
            program.Equalities = new EqualitySet([.. equalities], copy);
        }

        return holds;
    }

    /// <summary>p = −L⁻¹(g − εx̄), the point whose nearest one is the solution, or the next proximal step.</summary>
    private void Target(ReadOnlySpan<double> g)
    {
        TensorPrimitives.Negate(g, p);
        if (H.Shift > 0)
            TensorPrimitives.MultiplyAdd(centre, H.Shift, p, p);
        H.Whiten(p);
    }

    /// <summary>Proximal steps: of a linear program p = x̄ − tg, with a t that grows until the step reaches the solution.</summary>
    private ProgramSolution Steps(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        var (length, t, best, stalled) = (TensorPrimitives.Norm(g), 10 * size, double.PositiveInfinity, 0);
        var (bestX, bestY) = (new double[n], new double[m]);
        ActiveBound[] bestActive = [];
        Array.Clear(centre);
        for (var step = 0; step < MaxSteps && stalled < 4; step++)
        {
            if (H.IsZero)
            {
                unit = length == 0 ? 0 : length / t;
                TensorPrimitives.MultiplyAdd(g, length == 0 ? 0 : -t / length, centre, p);
                t = Math.Max(t, Math.Min(10 * t, 1e6 * (size + TensorPrimitives.Norm<double>(centre))));
            }
            else
            {
                Target(g);
            }

            if (!core.Run(p))
                return Contradiction(l, u);
            var residual = Finish(g, l, u);
            stalled = residual < 0.5 * best || best > QuadraticProgram.Tolerance ? 0 : stalled + 1;
            if (residual < best)
            {
                best = residual;
                x.CopyTo(bestX, 0);
                (bestY, bestActive) = Duals();
            }

            if (best <= Fine)
                break;
            var isEndless = !Advance(g, l, u);
            if ((isEndless || step == StepsBeforeRay) && best > QuadraticProgram.Tolerance && Ray(g, l, u) is { } ray)
                return NoPoint(ProgramStatus.Unbounded) with { Ray = ray };
        }

        return Solution(g, best, bestX, bestY, bestActive);
    }

    /// <summary>
    /// Puts the next proximal centre where the objective is least, or a constraint holds, along the direction in which it falls on the working set: steps alone would take long where it falls slowly.
    /// </summary>
    /// <returns>Whether the direction has an end.</returns>
    private bool Advance(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        x.CopyTo(centre, 0);
        _ = Residual(g, l, u, x, multipliers);
        TensorPrimitives.Negate(rest, p);
        H.Whiten(p);
        var length = TensorPrimitives.Norm<double>(p);
        TensorPrimitives.Divide(p, length > 0 ? length : 1, p);
        if (core.Set.Split(p, trialX) <= Fine)
            return true;
        H.Unwhiten(trialX);
        var direction = trialX;
        H.Apply(direction, p);
        var (slope, curvature) = (TensorPrimitives.Dot<double>(rest, direction), TensorPrimitives.Dot<double>(p, direction));
        if (!(slope < 0))
            return true;
        var step = curvature > 0 ? -slope / curvature : double.PositiveInfinity;
        var least = Along * TensorPrimitives.Norm<double>(direction);
        for (var i = 0; i < m; i++)
        {
            var row = program.Constraints.AsSpan(i * n, n);
            var (rise, value) = (TensorPrimitives.Dot(row, direction), TensorPrimitives.Dot(row, x));
            if (Math.Abs(rise) > least * program.Lengths[i])
                step = Math.Min(step, Math.Max(0, ((rise > 0 ? u[i] : l[i]) - value) / rise));
        }

        if (double.IsPositiveInfinity(step))
            return false;
        TensorPrimitives.MultiplyAdd(direction, step, centre, centre);
        return true;
    }

    /// <summary>Takes x and λ from the working set and refines them on it. Returns the residual.</summary>
    private double Finish(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        var k = core.Set.Count;
        core.Z.CopyTo(x, 0);
        H.Unwhiten(x);
        core.Set.Multiplier.AsSpan(0, k).CopyTo(multipliers);
        var residual = Residual(g, l, u, x, multipliers);
        for (var time = 0; time < 5 && residual > Fine && unit > 0; time++)
        {
            TensorPrimitives.Negate(rest, p);
            H.Whiten(p);
            var dual = trialMultipliers.AsSpan(0, k);
            if (H.IsZero)
            {
                // Without H the multipliers do not depend on x, and x moves on the set alone.
                core.Set.Project(p, dual);
                core.Set.SolveUpper(dual);
                TensorPrimitives.Divide(dual, -unit, dual);
                TensorPrimitives.Add(dual, multipliers.AsSpan(0, k), dual);
                Array.Clear(p);
                core.Correct(p, open.AsSpan(0, k));
            }
            else
            {
                core.Correct(p, open.AsSpan(0, k));
                TensorPrimitives.Add(open.AsSpan(0, k), multipliers.AsSpan(0, k), dual);
            }

            for (var i = core.Set.Fixed; i < k; i++)
                dual[i] = core.Set.Side[i] * Math.Max(0, core.Set.Side[i] * dual[i]);
            H.Unwhiten(p);
            TensorPrimitives.Add(x, p, trialX);
            var better = Residual(g, l, u, trialX, trialMultipliers);
            if (!(better < residual))
                break;
            residual = better;
            trialX.CopyTo(x, 0);
            dual.CopyTo(multipliers);
        }

        return residual;
    }

    /// <summary>The largest condition of optimality; leaves what is missing in <see cref="rest"/> and <see cref="open"/>.</summary>
    private double Residual(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u, ReadOnlySpan<double> x, ReadOnlySpan<double> λ)
    {
        var C = program.Constraints.AsSpan();
        var (set, worst) = (core.Set, 0.0);
        H.Apply(x, rest);
        var scale = Math.Max(TensorPrimitives.Norm(g), TensorPrimitives.Norm<double>(rest));
        TensorPrimitives.Add(rest, g, rest);
        // Of points near 0 that come from far away, rounding leaves more than their size says.
        var reach = TensorPrimitives.Norm(x) + (Remote * size);
        for (var i = 0; i < m; i++)
        {
            if (program.Lengths[i] == 0)
                continue;
            var value = TensorPrimitives.Dot(C.Slice(i * n, n), x);
            if (l[i] > value)
                worst = Larger(worst, l[i] - value, Math.Abs(l[i]) + (program.Lengths[i] * reach));
            if (u[i] < value)
                worst = Larger(worst, value - u[i], Math.Abs(u[i]) + (program.Lengths[i] * reach));
        }

        for (var k = 0; k < set.Count; k++)
        {
            var i = set.Index[k];
            var row = C.Slice(i * n, n);
            var y = λ[k] * unit / program.WhitenedLengths[i];
            var bound = set.Side[k] > 0 ? l[i] : set.Side[k] < 0 ? u[i] : 0.5 * (l[i] + u[i]);
            var missing = bound - TensorPrimitives.Dot(row, x);
            open[k] = missing / program.WhitenedLengths[i];
            if (λ[k] != 0)
                worst = Larger(worst, Math.Abs(missing), Math.Abs(bound) + (program.Lengths[i] * reach));
            TensorPrimitives.MultiplyAdd(row, -y, rest, rest);
            scale = Math.Max(scale, Math.Abs(y) * program.Lengths[i]);
        }

        return Larger(worst, TensorPrimitives.Norm<double>(rest), scale);
    }

    private static double Larger(double worst, double value, double scale) => value == 0 ? worst : value / scale is var ratio && ratio > worst ? ratio : double.IsNaN(ratio) ? double.PositiveInfinity : worst;

    private (double[] Y, ActiveBound[] Active) Duals()
    {
        var (y, active) = (new double[m], new ActiveBound[m]);
        for (var k = 0; k < core.Set.Count; k++)
        {
            var i = core.Set.Index[k];
            y[i] = multipliers[k] * unit / program.WhitenedLengths[i];
            active[i] = core.Set.Side[k] > 0 ? ActiveBound.Lower : core.Set.Side[k] < 0 ? ActiveBound.Upper : ActiveBound.Equality;
        }

        return (y, active);
    }

    private ProgramSolution Solution(ReadOnlySpan<double> g, double residual)
    {
        var (y, active) = Duals();
        return Solution(g, residual, [.. x], y, active);
    }

    private ProgramSolution Solution(ReadOnlySpan<double> g, double residual, double[] point, double[] y, ActiveBound[] active)
    {
        H.Apply(point, rest);
        var objective = (0.5 * TensorPrimitives.Dot<double>(point, rest)) + TensorPrimitives.Dot(g, point);
        return new(residual <= QuadraticProgram.Tolerance ? ProgramStatus.Solved : ProgramStatus.NotConverged, point, y, active, objective, residual, core.Iterations);
    }

    private ProgramSolution NoPoint(ProgramStatus status)
    {
        double[] Nothing(int count)
        {
            var values = new double[count];
            Array.Fill(values, double.NaN);
            return values;
        }

        return new(status, Nothing(n), Nothing(m), new ActiveBound[m], double.NaN, double.PositiveInfinity, core.Iterations);
    }

    private double[] Unit(int index, double value)
    {
        var y = new double[m];
        y[index] = value;
        return y;
    }

    /// <summary>Farkas' multipliers from the constraint that could not be satisfied and those whose normals give its normal.</summary>
    private ProgramSolution Contradiction(ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        var (index, side) = core.Contradicted;
        var r = core.Combination;
        var C = program.Constraints.AsSpan();
        var set = core.Set;
        var y = Unit(index, side / program.WhitenedLengths[index]);
        // The normals of the set are independent, so those that have a part are all needed.
        var least = Fine * 1e4 * (1 + TensorPrimitives.Norm(r));
        for (var k = 0; k < set.Count; k++)
        {
            if (Math.Abs(r[k]) > least)
                y[set.Index[k]] = -side * r[k] / program.WhitenedLengths[set.Index[k]];
        }

        TensorPrimitives.Divide(y, Math.Abs(TensorPrimitives.MaxMagnitude<double>(y)), y);
        var (gap, terms) = (0.0, 0.0);
        Array.Clear(rest);
        var conflict = new List<int>();
        for (var i = 0; i < m; i++)
        {
            if (y[i] == 0)
                continue;
            conflict.Add(i);
            TensorPrimitives.MultiplyAdd(C.Slice(i * n, n), y[i], rest, rest);
            var term = y[i] * (y[i] > 0 ? l[i] : u[i]);
            (gap, terms) = (gap + term, terms + Math.Abs(term));
        }

        core.Z.CopyTo(x, 0);
        H.Unwhiten(x);
        var reach = Reach * (size + TensorPrimitives.Norm<double>(x));
        if (gap > Fine * terms && gap > TensorPrimitives.Norm<double>(rest) * reach)
            return NoPoint(ProgramStatus.Infeasible) with { Infeasibility = y, Conflict = conflict };
        return NoPoint(ProgramStatus.NotConverged);
    }

    /// <summary>A direction along which the objective falls without end: the nearest one to −g among those that no constraint ends and H does not see.</summary>
    private double[]? Ray(ReadOnlySpan<double> g, ReadOnlySpan<double> l, ReadOnlySpan<double> u)
    {
        var extra = H.IsZero ? 0 : n;
        var (rows, lower, upper) = (new double[(m + extra) * n], new double[m + extra], new double[m + extra]);
        program.Constraints.CopyTo(rows, 0);
        if (extra > 0)
            H.Rows().CopyTo(rows, m * n);
        for (var i = 0; i < m; i++)
            (lower[i], upper[i]) = (double.IsFinite(l[i]) ? 0 : double.NegativeInfinity, double.IsFinite(u[i]) ? 0 : double.PositiveInfinity);
        var length = TensorPrimitives.Norm(g);
        double[] direction = new double[n];
        TensorPrimitives.Divide(g, length, direction);
        var cone = new QuadraticProgram(QuadraticForm.Identity(n), rows);
        var d = cone.Solve(direction, lower, upper);
        var reached = TensorPrimitives.Norm<double>(d.X);
        if (d.Status != ProgramStatus.Solved || !(reached > 1e-7))
            return null;
        var ray = d.X;
        TensorPrimitives.Divide(ray, reached, ray);
        for (var i = 0; i < m + extra; i++)
        {
            var value = TensorPrimitives.Dot<double>(rows.AsSpan(i * n, n), ray);
            if (Math.Max(lower[i] - value, value - upper[i]) > 0.1 * QuadraticProgram.Tolerance * cone.Lengths[i])
                return null;
        }

        return TensorPrimitives.Dot(g, ray) < -0.1 * QuadraticProgram.Tolerance * length ? ray : null;
    }
}
