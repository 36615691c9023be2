using System.Numerics;

namespace XaiL2O.Trainers;

/// <summary>Davis–Yin steps (74) of one CFMM for as many rows as a SIMD vector has lanes; amounts are relative to the reserves.</summary>
internal readonly ref struct CfmmIteration
{
    private readonly int n;
    private readonly double[] risk;
    private readonly ExchangeRule rule;
    private readonly double feeFactor;
    private readonly double level;
    private readonly double kept;
    private readonly double step;
    private readonly Span<Vector<double>> price;
    private readonly Span<Vector<double>> weight;
    private readonly Span<Vector<double>> x;    // ζ
    private readonly Span<Vector<double>> y;
    private readonly Span<Vector<double>> v;
    private readonly Span<Vector<double>> z;
    private readonly Span<Vector<double>> ξx;
    private readonly Span<Vector<double>> ξy;
    private readonly Span<Vector<double>> ξv;
    private readonly Span<Vector<double>> ξz;
    private readonly Span<Vector<double>> net;
    private readonly Span<Vector<double>> multiplier;

    public CfmmIteration(Span<Vector<double>> memory, int n, double[] risk, ExchangeRule rule, double feeFactor, double level, double kept, double step)
    {
        (this.n, this.risk, this.rule, this.feeFactor, this.level, this.kept, this.step) = (n, risk, rule, feeFactor, level, kept, step);
        memory.Clear();
        price = memory.Slice(0, n);
        weight = memory.Slice(n, n);
        x = memory.Slice(2 * n, n);
        y = memory.Slice(3 * n, n);
        v = memory.Slice(4 * n, n);
        z = memory.Slice(5 * n, n);
        ξx = memory.Slice(6 * n, n);
        ξy = memory.Slice(7 * n, n);
        ξv = memory.Slice(8 * n, n);
        ξz = memory.Slice(9 * n, n);
        net = memory.Slice(10 * n, n);
        multiplier = memory.Slice(11 * n, 1);
    }

    /// <summary>Vectors of memory for n tokens.</summary>
    public static int Size(int n) => (11 * n) + 1;

    public void Set(int lane, ReadOnlySpan<double> prices, ReadOnlySpan<double> weights)
    {
        for (var i = 0; i < n; i++)
            (price[i], weight[i]) = (price[i].WithElement(lane, prices[i]), weight[i].WithElement(lane, weights[i]));
    }

    /// <summary>Numbers that do no harm in a lane without a row.</summary>
    public void SetNeutral(int lane)
    {
        for (var i = 0; i < n; i++)
            (price[i], weight[i]) = (price[i].WithElement(lane, 1.0 / n), weight[i].WithElement(lane, 1.0 / n));
    }

    /// <summary>One step; returns ‖ζ⁺ − ζ‖∞ per lane.</summary>
    public Vector<double> Step()
    {
        if (rule == ExchangeRule.Geometric)
            ProjectGeometric();                                               // (58), (59)
        else
            ProjectArithmetic();                                              // (56) within v + d ≥ κd
        for (var i = 0; i < n; i++)
        {
            ξx[i] = Vector.Max(x[i], Vector<double>.Zero);
            ξy[i] = Vector.Max(y[i], Vector<double>.Zero);
            net[i] = ξy[i] - ξx[i];
        }

        var change = Vector<double>.Zero;
        var link = 1 / (2 + (feeFactor * feeFactor));
        var (sum, square) = (Vector<double>.Zero, Vector<double>.Zero);
        for (var i = 0; i < n; i++)
        {
            var gradient = price[i];                                          // ∇ₓh = p − WᵀW(y − x) = −∇_y h
            for (var k = 0; k < n; k++)
                gradient -= risk[(i * n) + k] * net[k];
            var qx = (2 * ξx[i]) - x[i] - (step * gradient);
            var qy = (2 * ξy[i]) - y[i] + (step * gradient);
            var qv = (2 * ξv[i]) - v[i];
            var e = (qv - (feeFactor * qx) + qy) * link;                      // (64), one token at a time
            var (dx, dy, dv) = (qx + (feeFactor * e) - ξx[i], qy - e - ξy[i], qv - e - ξv[i]);
            x[i] += dx;
            y[i] += dy;
            v[i] += dv;
            change = Vector.Max(change, Vector.Max(Vector.Abs(dx), Vector.Max(Vector.Abs(dy), Vector.Abs(dv))));
            sum += weight[i] * ((2 * ξz[i]) - z[i]);
            square += weight[i] * weight[i];
        }

        if (rule == ExchangeRule.Geometric)
        {
            var excess = (sum - new Vector<double>(level)) / square;          // (55)
            for (var i = 0; i < n; i++)
            {
                var dz = ξz[i] - z[i] - (excess * weight[i]);
                z[i] += dz;
                change = Vector.Max(change, Vector.Abs(dz));
            }
        }

        return change;
    }

    /// <summary>Gives a lane's iterate to the refinement as its starting point.</summary>
    public void Get(int lane, ref CfmmRefinement refinement)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
        {
            (refinement.Price[i], refinement.Weight[i]) = (price[i][lane], weight[i][lane]);
            refinement.Net[i] = ξy[i][lane] - ξx[i][lane];
            sum += z[i][lane] - ξz[i][lane];
        }

        // At a fixed point ζ_z − ξ_z = αλw, and (56) moves v by αλω.
        refinement.Multiplier = Math.Max(rule == ExchangeRule.Geometric ? sum : multiplier[0][lane], 0) / step;
        refinement.Guess();
    }

    /// <summary>A lane's iterate with what is received cut down until the rule holds.</summary>
    public void GetFeasible(int lane, ref CfmmRefinement refinement)
    {
        for (var i = 0; i < n; i++)
            refinement.Net[i] = ξy[i][lane] - ξx[i][lane];
        refinement.MakeFeasible();
    }

    /// <summary>ζ of token i in a lane.</summary>
    public (double X, double Y, double V, double Z) State(int i, int lane) => (x[i][lane], y[i][lane], v[i][lane], z[i][lane]);

    /// <summary>
    /// (v, z) → {z ≤ ln(1 + v), v ≥ κ − 1}. With 1 + v = eˢ the point nearest (v̂, ẑ) outside solves e²ˢ − (1 + v̂)eˢ + s = ẑ, increasing
    /// and convex from the root to s = ẑ, where Newton's method starts.
    /// </summary>
    private void ProjectGeometric()
    {
        var one = Vector<double>.One;
        var (floor, logFloor) = (new Vector<double>(kept), new Vector<double>(Math.Log(kept)));
        for (var i = 0; i < n; i++)
        {
            var a = v[i] + one;
            var s = z[i];
            var t = Vector.Exp(s);
            var outside = Vector.GreaterThan(t, a);
            if (Vector.EqualsAny(outside.As<long, long>(), new Vector<long>(-1)))
            {
                for (var k = 0; k < 40; k++)
                {
                    var delta = (((t - a) * t) + s - z[i]) / ((((2 * t) - a) * t) + one);
                    delta = Vector.ConditionalSelect(outside, delta, Vector<double>.Zero);
                    s -= delta;
                    var small = Vector.LessThanAll(Vector.Abs(delta), new Vector<double>(1e-9));
                    t = small ? t - (t * delta) : Vector.Exp(s);
                    if (small)
                        break;
                }
            }

            t = Vector.ConditionalSelect(outside, t, a);
            var low = Vector.LessThan(t, floor);
            ξv[i] = Vector.ConditionalSelect(low, floor, t) - one;
            ξz[i] = Vector.ConditionalSelect(low, Vector.Min(z[i], logFloor), s);
        }
    }

    /// <summary>v → {⟨ω, v⟩ ≥ δ, v ≥ κ − 1}: v̂ + μω cut off below, with μ from Newton's method on a convex piecewise linear function.</summary>
    private void ProjectArithmetic()
    {
        var lowest = new Vector<double>(kept - 1);
        var μ = Vector<double>.Zero;
        for (var k = 0; k < n + 2; k++)
        {
            var (sum, slope) = (Vector<double>.Zero, Vector<double>.Zero);
            for (var i = 0; i < n; i++)
            {
                var moved = v[i] + (μ * weight[i]);
                sum += weight[i] * Vector.Max(moved, lowest);
                slope += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(moved, lowest), weight[i] * weight[i], Vector<double>.Zero);
            }

            // With every entry cut off the slope is 0: any positive one moves μ to where an entry is free.
            var next = μ + ((new Vector<double>(level) - sum) / Vector.Max(slope, new Vector<double>(1e-12)));
            μ = Vector.Max(next, Vector<double>.Zero);
        }

        multiplier[0] = μ;
        for (var i = 0; i < n; i++)
            (ξv[i], ξz[i]) = (Vector.Max(v[i] + (μ * weight[i]), lowest), z[i]);
    }
}
