using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// min ½‖z − p‖² s.t. lᵢ ≤ dᵢᵀz ≤ uᵢ with normals dᵢ of length 1, by the dual active-set method of Goldfarb and Idnani (<i>Mathematical Programming</i> 27, 1983,
/// doi 10.1007/BF02591962): z is always the nearest point to p on the working set, with multipliers of the right signs; the most violated constraint joins, and those whose multipliers would
/// change sign on the way leave. Where none can leave and the constraint depends on the set, the constraints contradict each other. For one thread at a time; nothing is allocated.
/// </summary>
internal sealed class LeastDistance
{
    /// <summary>A normal whose part orthogonal to the working set is shorter counts as one of its span.</summary>
    private const double Dependent = 1e-10;

    /// <summary>Violations, relative to the bounds, below which a constraint that depends on the others counts as satisfied.</summary>
    private const double Contradiction = 1e-9;

    /// <summary>Violations, relative to bound and point, that are worth a step.</summary>
    private const double Violation = 1e-12;

    private const double Rounding = 1e-15;

    /// <summary>Coefficients of a normal, relative to the others, that count as 0.</summary>
    private const double Noise = 1e-11;

    private readonly int n;
    private readonly int m;
    private readonly double[] normals;
    private readonly double[] across;
    private readonly double[] coefficients;
    private readonly bool[] passed; // constraints that need no look: equalities, those without a normal or without bounds
    private readonly bool[] excused; // constraints that depend on the working set and hold with it

    /// <param name="n">Length of z.</param>
    /// <param name="normals">dᵢ, one after the other, of length 1 or 0.</param>
    public LeastDistance(int n, double[] normals)
    {
        (this.n, m, this.normals) = (n, normals.Length / n, normals);
        Set = new WorkingSet(n);
        (Z, across, coefficients) = (new double[n], new double[n], new double[n]);
        (Lower, Upper, passed, excused) = (new double[m], new double[m], new bool[m], new bool[m]);
    }

    /// <summary>l and u; filled before <see cref="Begin"/>.</summary>
    public double[] Lower { get; }

    /// <inheritdoc cref="Lower"/>
    public double[] Upper { get; }

    /// <summary>The nearest point.</summary>
    public double[] Z { get; }

    public WorkingSet Set { get; }

    public int Iterations { get; private set; }

    /// <summary>Of the last contradiction: the constraint that could not be satisfied, and the sign of its violation, 1 below and −1 above.</summary>
    public (int Index, int Side) Contradicted { get; private set; }

    /// <summary>Of the last contradiction: coefficients of the working set that give the normal of <see cref="Contradicted"/>.</summary>
    public ReadOnlySpan<double> Combination => coefficients.AsSpan(0, Set.Count);

    /// <summary>Takes in the equalities.</summary>
    /// <param name="known">The working set of the equalities of an earlier problem with the same normals; null where there is none.</param>
    /// <param name="size">About how large z is.</param>
    /// <returns>Whether they can hold together.</returns>
    public bool Begin(WorkingSet? known, double size)
    {
        Iterations = 0;
        Set.Clear();
        if (known is not null)
            Set.CopyFrom(known);
        var next = 0;
        for (var i = 0; i < m; i++)
        {
            var normal = Normal(i);
            var isEquality = IsEquality(i);
            passed[i] = isEquality || normal.IndexOfAnyExcept(0) < 0 || (double.IsNegativeInfinity(Lower[i]) && double.IsPositiveInfinity(Upper[i]));
            if (!isEquality)
                continue;
            if (known is null)
            {
                if (Set.Count < n && Set.Split(normal, across) is var length && length > Dependent)
                    Set.Join(i, 0, Middle(i), 0, across, length);
            }
            else if (next < Set.Count && Set.Index[next] == i)
            {
                Set.Bound[next++] = Middle(i);
            }
        }

        Set.Fixed = Set.Count;
        if (Set.Count == 0)
            return true;
        // Those that depend on the others hold wherever these do, or nowhere.
        Array.Clear(Z);
        OnSet(Z);
        for (var (i, k) = (0, 0); i < m; i++)
        {
            if (k < Set.Count && Set.Index[k] == i)
                k++;
            else if (IsEquality(i) && Normal(i).IndexOfAnyExcept(0) >= 0 && Contradicts(i, Middle(i), TensorPrimitives.Dot(Normal(i), Z) - Middle(i), size))
                return false;
        }

        return true;
    }

    /// <summary>Takes a constraint into the working set, unless it depends on it: a start for <see cref="Run"/>.</summary>
    public void Suggest(int index, int side)
    {
        if (!passed[index] && Set.Count < n && double.IsFinite(side > 0 ? Lower[index] : Upper[index]) && Set.Split(Normal(index), across) is var length && length > Dependent)
            Set.Join(index, side, side > 0 ? Lower[index] : Upper[index], 0, across, length);
    }

    /// <summary>Finds the nearest point, from the working set that is there.</summary>
    /// <param name="p">n numbers.</param>
    /// <returns>Whether the constraints can hold together. After the iteration limit too, where the caller's verification decides.</returns>
    public bool Run(ReadOnlySpan<double> p)
    {
        var limit = Iterations + (20 * (n + m)) + 100;
        var size = TensorPrimitives.Norm(p);
        Array.Clear(excused);
        Settle(p, size);
        for (var settled = true; Iterations < limit;)
        {
            var (worst, side) = MostViolated(size);
            if (worst < 0)
            {
                if (settled)
                    return true;
                // The point was moved in steps; the set says it more exactly.
                Settle(p, size);
                settled = true;
            }
            else
            {
                settled = false;
                if (!Take(worst, side, size))
                    return false;
            }
        }

        Settle(p, size);
        return true;
    }

    /// <summary>A change of z and of the multipliers by which dz − Σ dλᵢdᵢ = r and dᵢᵀdz = sᵢ on the working set.</summary>
    /// <param name="r">n numbers; replaced by dz.</param>
    /// <param name="s">One number per constraint of the set; replaced by dλ.</param>
    public void Correct(Span<double> r, Span<double> s)
    {
        for (var i = 0; i < Set.Count; i++)
            s[i] -= TensorPrimitives.Dot(Normal(Set.Index[i]), r);
        Set.SolveLower(s);
        Set.AddTo(r, s);
        Set.SolveUpper(s);
    }

    private ReadOnlySpan<double> Normal(int i) => normals.AsSpan(i * n, n);

    private double Middle(int i) => 0.5 * (Lower[i] + Upper[i]);

    public bool IsEquality(int i) => double.IsFinite(Upper[i] - Lower[i]) && Upper[i] - Lower[i] <= Violation * (Math.Abs(Lower[i]) + Math.Abs(Upper[i]));

    /// <summary>Whether a constraint that depends on the working set contradicts it, with an error dᵀz − b of more than the bounds are exact to; keeps what proves it.</summary>
    private bool Contradicts(int index, double bound, double error, double size)
    {
        Contradicted = (index, error < 0 ? 1 : -1);
        Set.Split(Normal(index), across);
        var r = coefficients.AsSpan(0, Set.Count);
        Set.Coefficients(r);
        // Once more for what rounding left.
        Normal(index).CopyTo(across);
        for (var i = 0; i < Set.Count; i++)
            TensorPrimitives.MultiplyAdd(Normal(Set.Index[i]), -r[i], across, across);
        Span<double> more = new double[Set.Count];
        Set.Project(across, more);
        Set.SolveUpper(more);
        TensorPrimitives.Add(r, more, r);
        var terms = Math.Abs(bound);
        for (var i = 0; i < Set.Count; i++)
            terms += Math.Abs(r[i] * Set.Bound[i]);
        return Math.Abs(error) > (Contradiction * terms) + (10 * Rounding * (size + TensorPrimitives.Norm<double>(Z)));
    }

    private (int Index, int Side) MostViolated(double size)
    {
        var length = TensorPrimitives.Norm<double>(Z);
        var floor = (Violation * length) + (Rounding * size);
        var (worst, side, most) = (-1, 0, 0.0);
        for (var i = 0; i < m; i++)
        {
            if (passed[i] || excused[i])
                continue;
            var value = TensorPrimitives.Dot(Normal(i), Z);
            var (below, above) = (Lower[i] - value, value - Upper[i]);
            if (below > most && below > floor + (Violation * Math.Abs(Lower[i])))
                (worst, side, most) = (i, 1, below);
            if (above > most && above > floor + (Violation * Math.Abs(Upper[i])))
                (worst, side, most) = (i, -1, above);
        }

        return (worst, side);
    }

    /// <summary>Moves z until a violated constraint holds.</summary>
    private bool Take(int index, int side, double size)
    {
        var normal = Normal(index);
        var (bound, multiplier) = (side > 0 ? Lower[index] : Upper[index], 0.0);
        while (true)
        {
            Iterations++;
            var length = Set.Split(normal, across);
            if (Set.Count == n || length <= Dependent)
                length = 0;
            var r = coefficients.AsSpan(0, Set.Count);
            Set.Coefficients(r);
            var noise = Noise * (1 + TensorPrimitives.Norm<double>(r));
            var (blocking, dual) = (-1, double.PositiveInfinity);
            for (var i = Set.Fixed; i < Set.Count; i++)
            {
                var fall = Set.Side[i] * side * r[i];
                if (fall > noise && Math.Max(0, Set.Side[i] * Set.Multiplier[i]) / fall is var ratio && ratio < dual)
                    (blocking, dual) = (i, ratio);
            }

            var missing = side * (bound - TensorPrimitives.Dot(normal, Z));
            var step = length == 0 ? double.PositiveInfinity : Math.Max(0, missing) / (length * length);
            if (double.IsPositiveInfinity(step) && blocking < 0)
                return excused[index] = !Contradicts(index, bound, -side * missing, size);

            var t = Math.Min(step, dual);
            for (var i = 0; i < Set.Count; i++)
                Set.Multiplier[i] -= t * side * r[i];
            multiplier += t * side;
            if (length > 0)
                TensorPrimitives.MultiplyAdd(across, t * side, Z, Z);
            if (step <= dual)
            {
                Set.Join(index, side, bound, multiplier, across, length);
                return true;
            }

            Set.Leave(blocking);
        }
    }

    /// <summary>The nearest point on the working set, after those of the wrong sign have left it.</summary>
    private void Settle(ReadOnlySpan<double> p, double size)
    {
        while (true)
        {
            p.CopyTo(Z);
            OnSet(Z);
            var allowed = 10 * Rounding * (size + TensorPrimitives.Norm<double>(Z));
            var (worst, most) = (-1, allowed);
            for (var i = Set.Fixed; i < Set.Count; i++)
            {
                var wrong = -Set.Side[i] * Set.Multiplier[i];
                if (wrong > most)
                    (worst, most) = (i, wrong);
                else if (wrong > 0 && wrong <= allowed)
                    Set.Multiplier[i] = 0;
            }

            if (worst < 0)
                return;
            Set.Leave(worst);
            Iterations++;
        }
    }

    /// <summary>Moves a point to the nearest one on the working set, and puts the multipliers there.</summary>
    private void OnSet(Span<double> z)
    {
        var v = Set.Multiplier.AsSpan(0, Set.Count);
        v.Clear();
        var more = coefficients.AsSpan(0, Set.Count);
        // The second time for what rounding left.
        for (var time = 0; time < 2; time++)
        {
            for (var i = 0; i < Set.Count; i++)
                more[i] = Set.Bound[i] - TensorPrimitives.Dot(Normal(Set.Index[i]), z);
            Set.SolveLower(more);
            Set.AddTo(z, more);
            TensorPrimitives.Add(v, more, v);
        }

        Set.SolveUpper(v);
    }
}
