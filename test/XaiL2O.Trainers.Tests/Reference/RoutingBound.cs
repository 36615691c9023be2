using Google.OrTools.LinearSolver;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// An upper bound on the utility of trades through pools of two tokens that shares nothing with the product: each pool's output is bounded by tangents of its concave output function, and the linear
/// program of these bounds is solved and refined where its solution lies (Kelley's cutting planes); with fixed costs, the mixed-integer program.
/// </summary>
internal sealed class RoutingBound(double[] prices, double[] holdings)
{
    private readonly List<Leg> legs = [];
    private readonly List<double> costs = [];

    /// <summary>Adds a pool: what each of its tokens brings of the other one.</summary>
    /// <param name="first">Its first token.</param>
    /// <param name="second">Its second token.</param>
    /// <param name="cost">Its fixed cost.</param>
    /// <param name="output">Output for an amount of the first (true) or of the second token, and what one more brings.</param>
    /// <param name="most">More than this of the first or the second token is never tendered.</param>
    public void Add(int first, int second, double cost, Func<bool, double, (double Output, double Slope)> output, Func<bool, double> most)
    {
        foreach (var sold in new[] { true, false })
        {
            if (most(sold) > 1e-6)
                legs.Add(new(costs.Count, sold ? first : second, sold ? second : first, a => output(sold, a), most(sold)));
        }

        costs.Add(cost);
    }

    /// <summary>The bound, refined until it is within a share of a utility that is reached, or cannot be made smaller.</summary>
    public double Solve(double reached, double share, int rounds = 60)
    {
        var whole = costs.Exists(c => c > 0);
        using var solver = Solver.CreateSolver(whole ? "SCIP" : "GLOP");
        solver.SetSolverSpecificParametersAsString(whole ? "numerics/feastol = 1e-9\nnumerics/dualfeastol = 1e-9" : "primal_feasibility_tolerance: 1e-10 dual_feasibility_tolerance: 1e-10");
        var (x, y) = (legs.Select(l => solver.MakeNumVar(0, l.Most, "")).ToArray(), legs.Select(_ => solver.MakeNumVar(0, double.PositiveInfinity, "")).ToArray());
        var used = costs.Select(c => c > 0 ? solver.MakeIntVar(0, 1, "") : null).ToArray();
        for (var t = 0; t < prices.Length; t++)
        {
            if (!double.IsFinite(holdings[t]))
                continue;
            var limit = solver.MakeConstraint(double.NegativeInfinity, holdings[t]);
            for (var k = 0; k < legs.Count; k++)
            {
                if (legs[k].In == t)
                    limit.SetCoefficient(x[k], 1);
                if (legs[k].Out == t)
                    limit.SetCoefficient(y[k], -1);
            }
        }

        for (var k = 0; k < legs.Count; k++)
        {
            solver.Objective().SetCoefficient(x[k], -prices[legs[k].In]);
            solver.Objective().SetCoefficient(y[k], prices[legs[k].Out]);
            if (used[legs[k].Pool] is not { } b)
                continue;
            var off = solver.MakeConstraint(double.NegativeInfinity, 0);
            off.SetCoefficient(x[k], 1);
            off.SetCoefficient(b, -legs[k].Most);
            off = solver.MakeConstraint(double.NegativeInfinity, 0);
            off.SetCoefficient(y[k], 1);
            off.SetCoefficient(b, -legs[k].Output(legs[k].Most).Output);
        }

        for (var j = 0; j < costs.Count; j++)
        {
            if (used[j] is { } b)
                solver.Objective().SetCoefficient(b, -costs[j]);
        }

        solver.Objective().SetMaximization();
        void Cut(int k, double at)
        {
            var (output, slope) = legs[k].Output(at);
            var cut = solver.MakeConstraint(double.NegativeInfinity, output - (slope * at));
            cut.SetCoefficient(y[k], 1);
            cut.SetCoefficient(x[k], -slope);
        }

        for (var k = 0; k < legs.Count; k++)
        {
            for (var part = 1.0; part > 1e-8; part /= 8)
                Cut(k, part * legs[k].Most);
            Cut(k, 0);
        }

        using var parameters = new MPSolverParameters();
        parameters.SetDoubleParam(MPSolverParameters.DoubleParam.RELATIVE_MIP_GAP, 1e-9);
        var bound = double.PositiveInfinity;
        for (var round = 0; round < rounds; round++)
        {
            if (solver.Solve(parameters) is var status && status != Solver.ResultStatus.OPTIMAL)
                throw new InvalidOperationException($"The program of bounds was not solved: {status} in round {round}.");
            bound = Math.Min(bound, whole ? solver.Objective().BestBound() : solver.Objective().Value());
            if (bound <= reached + (share * Math.Abs(reached)))
                break;
            var points = x.Select(v => v.SolutionValue()).ToArray();
            var outputs = y.Select(v => v.SolutionValue()).ToArray();
            var added = false;
            for (var k = 0; k < legs.Count; k++)
            {
                if (outputs[k] <= legs[k].Output(points[k]).Output * (1 + 1e-11))
                    continue;
                Cut(k, points[k]);
                added = true;
            }

            if (!added)
                break;
        }

        return bound;
    }

    private sealed record Leg(int Pool, int In, int Out, Func<double, (double Output, double Slope)> Output, double Most);
}
