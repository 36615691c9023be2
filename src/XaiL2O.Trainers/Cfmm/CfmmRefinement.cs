namespace XaiL2O.Trainers;

/// <summary>
/// Newton's method with an active set on the conditions of optimality of one CFMM's trade. With u = y − x relative to the reserves and
/// g = p − WᵀWu: a tendered token has γη = g, a withdrawn one η = g, one left alone γη ≤ g ≤ η, one withdrawn as far as allowed g ≥ η, where
/// η = λωℓ′(v); and the rule holds with equality, Σωℓ(v) = c.
/// </summary>
internal ref struct CfmmRefinement
{
    private const double Tolerance = 1e-11;
    private const int LeftAlone = 0, Tendered = 1, Withdrawn = 2, Exhausted = 3;

    private readonly double[] risk;
    private readonly bool geometric;
    private readonly double feeFactor;
    private readonly double kept;
    private readonly Span<double> scratch;
    private readonly Span<int> role;
    private readonly Span<double> system;

    public CfmmRefinement(double[] risk, ExchangeRule rule, double feeFactor, double level, double kept, Span<double> price, Span<double> weight, Span<double> net, Span<double> scratch, Span<int> role, Span<double> system)
    {
        (this.risk, geometric, this.feeFactor, Level, this.kept) = (risk, rule == ExchangeRule.Geometric, feeFactor, level, kept);
        Price = price;
        Weight = weight;
        Net = net;
        this.scratch = scratch;
        this.role = role;
        this.system = system;
    }

    /// <summary>c.</summary>
    public double Level { get; }

    public readonly Span<double> Price { get; }

    public readonly Span<double> Weight { get; }

    /// <summary>u, the start and the answer.</summary>
    public readonly Span<double> Net { get; }

    /// <summary>λ.</summary>
    public double Multiplier { get; set; }

    /// <summary>Largest violation of the conditions at the answer.</summary>
    public double Residual { get; private set; }

    /// <summary>Reads the roles of the tokens off the starting point.</summary>
    public readonly void Guess()
    {
        for (var i = 0; i < Net.Length; i++)
            role[i] = Net[i] < -1e-9 ? Tendered : Net[i] >= 1 - kept - 1e-9 ? Exhausted : Net[i] > 1e-9 ? Withdrawn : LeftAlone;
    }

    /// <summary>Finds the trade; false if the conditions are not met by a set of roles near the guessed one.</summary>
    public bool TrySolve()
    {
        for (var attempt = 0; attempt < 12; attempt++)
        {
            if (!Newton())
                return false;
            if (!Reassign())
                return true;
        }

        return false;
    }

    /// <summary>U_Θ of the answer, ⟨p, u⟩ − ½‖Wu‖².</summary>
    public readonly double Utility()
    {
        var sum = 0.0;
        for (var i = 0; i < Net.Length; i++)
            sum += 0.5 * (Price[i] + Gradient(i)) * Net[i];
        return sum;
    }

    /// <summary>ζ of token i at which the Davis–Yin iteration with step α stands still.</summary>
    public readonly (double X, double Y, double V, double Z) FixedPoint(int i, double step)
    {
        var (v, g) = (Change(i), Gradient(i));
        var η = role[i] == Exhausted ? g : Multiplier * Weight[i] * Slope(v);
        return (
            Math.Max(-Net[i], 0) + (step * ((feeFactor * η) - g)),
            Math.Max(Net[i], 0) + (step * (g - η)),
            v - (step * η),
            (geometric ? CfmmExecution.LogOnePlus(v) : 0) + (geometric ? step * Multiplier * Weight[i] : 0));
    }

    /// <summary>Cuts down what is received, by one factor for all tokens, until the rule holds; NaN where it cannot.</summary>
    public readonly void MakeFeasible()
    {
        for (var i = 0; i < Net.Length; i++)
            Net[i] = Math.Min(Net[i], 1 - kept);
        var (low, high) = (0.0, 1.0);
        if (Excess(1) >= 0)
            return;
        if (!(Excess(0) >= 0))
        {
            Net.Fill(double.NaN);
            return;
        }

        for (var k = 0; k < 60; k++)
            (low, high) = Excess((low + high) / 2) >= 0 ? ((low + high) / 2, high) : (low, (low + high) / 2);
        for (var i = 0; i < Net.Length; i++)
            Net[i] = Net[i] > 0 ? low * Net[i] : Net[i];
    }

    private readonly double Excess(double factor)
    {
        var sum = -Level;
        for (var i = 0; i < Net.Length; i++)
        {
            var v = Net[i] < 0 ? -feeFactor * Net[i] : -factor * Net[i];
            sum += Weight[i] * (geometric ? CfmmExecution.LogOnePlus(v) : v);
        }

        return sum;
    }

    private readonly double Change(int i) => -(Net[i] < 0 ? feeFactor : 1) * Net[i];

    private readonly double Slope(double v) => geometric ? 1 / (1 + v) : 1;

    private readonly double Gradient(int i)
    {
        var (n, g) = (Net.Length, Price[i]);
        for (var k = 0; k < n; k++)
            g -= risk[(i * n) + k] * Net[k];
        return g;
    }

    private readonly double Factor(int i) => role[i] == Tendered ? feeFactor : 1;

    /// <summary>Solves the equations of the tendered and withdrawn tokens for u and λ.</summary>
    private bool Newton()
    {
        var (n, free) = (Net.Length, 0);
        for (var i = 0; i < n; i++)
        {
            if (role[i] is LeftAlone or Exhausted)
                Net[i] = role[i] == Exhausted ? 1 - kept : 0;
            else
                free++;
        }

        if (free == 0)
            return true;
        var width = n + 2;
        for (var k = 0; k < 40; k++)
        {
            system.Clear();
            var (rule, worst) = (Level, 0.0);
            for (var i = 0; i < n; i++)
            {
                var f = Factor(i);
                var v = -f * Net[i];
                rule -= Weight[i] * (geometric ? CfmmExecution.LogOnePlus(v) : v);
                var row = system.Slice(i * width, width);
                if (role[i] is LeftAlone or Exhausted)
                {
                    row[i] = 1;
                    continue;
                }

                var pull = f * Weight[i] * Slope(v);
                for (var c = 0; c < n; c++)
                    row[c] = risk[(i * n) + c];
                if (geometric)
                    row[i] += Multiplier * f * pull / (1 + v);
                row[n] = pull;
                row[n + 1] = Gradient(i) - (Multiplier * pull);
                system[(n * width) + i] = pull;
                worst = Math.Max(worst, Math.Abs(row[n + 1]));
            }

            // Σωℓ(v) rises as u falls.
            system[(n * width) + n + 1] = -rule;
            worst = Math.Max(worst, Math.Abs(rule));
            if (worst < 1e-14)
                return true;
            if (!Eliminate(n + 1, width))
                return worst < Tolerance;
            var length = 1.0;
            for (var i = 0; i < n && geometric; i++)
            {
                var (v, dv) = (-Factor(i) * Net[i], -Factor(i) * system[(i * width) + n + 1]);
                // A step to the edge of the logarithm is cut short.
                if (dv < -0.9 * (1 + v))
                    length = Math.Min(length, -0.9 * (1 + v) / dv);
            }

            for (var i = 0; i < n; i++)
                Net[i] += length * system[(i * width) + n + 1];
            Multiplier += length * system[(n * width) + n + 1];
            if (!double.IsFinite(Multiplier))
                return false;
            Residual = worst;
            if (length == 1 && k > 3 && worst < 1e-13)
                return true;
        }

        return Residual < Tolerance;
    }

    /// <summary>Gives tokens whose conditions are violated their other role; false if there are none, with the residual set.</summary>
    private bool Reassign()
    {
        var (n, changed, residual) = (Net.Length, false, Math.Max(0, -Multiplier));
        var rule = -Level;
        for (var i = 0; i < n; i++)
        {
            scratch[i] = Gradient(i);
            var v = Change(i);
            rule += Weight[i] * (geometric ? CfmmExecution.LogOnePlus(v) : v);
        }

        if (AllLeftAlone())
            return ReassignIdle(rule);
        for (var i = 0; i < n; i++)
        {
            var (g, η) = (scratch[i], Multiplier * Weight[i] * Slope(Change(i)));
            // A sign that does not fit the role shows here, not in Change, which goes by the sign.
            var next = role[i] switch
            {
                Tendered when Net[i] > Tolerance => LeftAlone,
                Withdrawn when Net[i] < -Tolerance => LeftAlone,
                Withdrawn when Net[i] > 1 - kept + Tolerance => Exhausted,
                LeftAlone when g > η + Tolerance => Withdrawn,
                LeftAlone when g < (feeFactor * η) - Tolerance => Tendered,
                Exhausted when g < η - Tolerance => Withdrawn,
                var same => same,
            };
            changed |= next != role[i];
            role[i] = next;
            if (next is Tendered or Withdrawn)
                residual = Math.Max(residual, Math.Abs(g - (Factor(i) * η)));
        }

        if (changed)
            return true;
        Residual = Math.Max(residual, Math.Abs(rule));
        // Not optimal although every role fits: let the iteration go on, by roles that cannot be solved.
        return !(Residual <= Tolerance);
    }

    private readonly bool AllLeftAlone() => role.IndexOfAnyExcept(LeftAlone) < 0;

    /// <summary>No trade is optimal if the rule allows it and some λ has γλω ≤ g ≤ λω for every token.</summary>
    private bool ReassignIdle(double rule)
    {
        var (low, high, dearest, cheapest) = (0.0, double.PositiveInfinity, 0, 0);
        for (var i = 0; i < Net.Length; i++)
        {
            var ratio = scratch[i] / Weight[i];
            if (ratio > low)
                (low, dearest) = (ratio, i);
            if (ratio / feeFactor < high)
                (high, cheapest) = (ratio / feeFactor, i);
        }

        if (rule >= 0 && low <= high)
        {
            (Multiplier, Residual) = ((low + high) / 2, 0);
            return false;
        }

        role[cheapest] = Tendered;
        if (low > high)
            role[dearest] = Withdrawn;
        Multiplier = high;
        return true;
    }

    /// <summary>Gaussian elimination with row exchanges in place; the solution ends in the last column.</summary>
    private readonly bool Eliminate(int size, int width)
    {
        for (var k = 0; k < size; k++)
        {
            var pivot = k;
            for (var i = k + 1; i < size; i++)
                pivot = Math.Abs(system[(i * width) + k]) > Math.Abs(system[(pivot * width) + k]) ? i : pivot;
            if (Math.Abs(system[(pivot * width) + k]) < 1e-14)
                return false;
            if (pivot != k)
            {
                for (var c = 0; c < width; c++)
                    (system[(k * width) + c], system[(pivot * width) + c]) = (system[(pivot * width) + c], system[(k * width) + c]);
            }

            for (var i = 0; i < size; i++)
            {
                if (i == k)
                    continue;
                var factor = system[(i * width) + k] / system[(k * width) + k];
                if (factor == 0)
                    continue;
                for (var c = k; c < width; c++)
                    system[(i * width) + c] -= factor * system[(k * width) + c];
            }
        }

        for (var i = 0; i < size; i++)
            system[(i * width) + width - 1] /= system[(i * width) + i];
        return true;
    }
}
