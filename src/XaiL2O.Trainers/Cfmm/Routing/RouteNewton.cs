using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace XaiL2O.Trainers;

/// <summary>
/// Minimises the dual function of a row by projected Newton steps (Bertsekas 1982): tokens whose shadow price is the price itself and would rather be lower are left out, the others take a Newton step in
/// relative prices, damped where the dual is flat, and no price falls below its bound.
/// </summary>
internal sealed class RouteNewton(RouteDual dual)
{
    private const double Damping = 1e-10;
    private const double LongestStep = 3;
    private const double ShortStep = 0.3;
    private const double ShortestStep = 1e-9;
    private const int MaxStepsOfRange = 20;
    private const int MaxPasses = 5;

    /// <summary>Ranges of the averages, in logarithms of prices.</summary>
    private static readonly double[] Ranges = [0.3, 0.1, 0.02, 4e-3, 8e-4, 1.6e-4, 3.2e-5];

    private readonly double[] before = new double[dual.ShadowPrices.Length];
    private readonly double[] slope = new double[dual.ShadowPrices.Length];
    private readonly double[] direction = new double[dual.ShadowPrices.Length];
    private readonly int[] free = new int[dual.ShadowPrices.Length];
    private readonly double[] matrix = new double[dual.Hessian.Length];
    private readonly double[] right = new double[dual.ShadowPrices.Length];

    /// <summary>
    /// Minimises the dual with values of pools averaged over ever shorter ranges of prices, each from the solution before, and at last the dual itself. Prices move by a few ranges at most in a step: where a
    /// token is not traded the dual is linear, and says nothing of where trade begins.
    /// </summary>
    /// <param name="width">Width of the smoothed maximum, in the pool's cost.</param>
    /// <param name="sunk">Whether fixed costs are spent already and do not count.</param>
    /// <param name="maxIterations">Most steps.</param>
    /// <param name="done">Whether the iterate is good enough, asked of iterates of the dual itself.</param>
    /// <returns>Steps taken.</returns>
    public int Minimise(double width, bool sunk, int maxIterations, Func<bool> done)
    {
        var iterations = 0;
        for (var pass = 0; pass == 0 || (iterations < maxIterations && pass < MaxPasses); pass++)
        {
            // Where steps got stuck, longer averages show again what they were stuck between.
            foreach (var range in Ranges.Skip(Math.Min(pass, 2)))
                iterations += Average(width, sunk, range, maxIterations - iterations);
            dual.Evaluate(width, sunk);
            for (var longest = Ranges[^1]; ; iterations++)
            {
                if (done())
                    return iterations;
                if (iterations >= maxIterations || Step(width, sunk, 0, ref longest) is null || Moved() < 1e-15)
                    break;
            }
        }

        return iterations;
    }

    /// <summary>Minimises the dual with averages over one range; returns the steps taken.</summary>
    private int Average(double width, bool sunk, double range, int maxIterations)
    {
        dual.Evaluate(width, sunk, range);
        var longest = LongestStep * range;
        for (var k = 0; k < Math.Min(MaxStepsOfRange, maxIterations); k++)
        {
            if (Step(width, sunk, range, ref longest) is not { } whole || (whole && Moved() < ShortStep * range))
                return k + 1;
        }

        return Math.Min(MaxStepsOfRange, maxIterations);
    }

    /// <summary>One step, and whether it was taken wholly; null where nothing falls any more. Steps grow as long as they are.</summary>
    private bool? Step(double width, bool sunk, double range, ref double longest)
    {
        dual.ShadowPrices.CopyTo(before);
        dual.Gradient.CopyTo(slope);
        var count = Free();
        if (count > 0)
        {
            Newton(count, longest);
            var step = Descend(width, sunk, range);
            if (step == 0 && Steepest(count, longest))
                step = Descend(width, sunk, range);
            if (step > 0)
            {
                longest = Math.Min(0.75, longest * (step == 1 ? 2 : Math.Max(step, 0.1)));
                return step == 1;
            }
        }

        before.CopyTo(dual.ShadowPrices);
        dual.Evaluate(width, sunk, range);
        return null;
    }

    /// <summary>Halves the step until the value falls; returns the step, 0 where it does not fall.</summary>
    private double Descend(double width, bool sunk, double range)
    {
        // Each pool's value is a difference of what it tenders and what it gives.
        var (value, rounding) = (dual.Value, 1e-15 * (dual.TenderedValue() + dual.Value));
        for (var step = 1.0; step > ShortestStep; step /= 2)
        {
            var predicted = Move(step);
            if (!(predicted < 0))
                return 0;
            if (dual.Evaluate(width, sunk, range) <= value + (1e-4 * predicted) + rounding)
                return step;
        }

        return 0;
    }

    /// <summary>How far the logarithm of any price has moved.</summary>
    private double Moved()
    {
        var largest = 0.0;
        for (var t = 0; t < before.Length; t++)
            largest = Math.Max(largest, Math.Abs(dual.ShadowPrices[t] - before[t]) / before[t]);
        return largest;
    }

    /// <summary>Moves q along the direction as far as bounds let it; returns by how much the value would change if it were linear.</summary>
    private double Move(double step)
    {
        var predicted = 0.0;
        for (var t = 0; t < before.Length; t++)
        {
            var next = direction[t] == 0 ? before[t] : Math.Max(dual.Lowest[t], before[t] * (1 + (step * Math.Clamp(direction[t], -0.75, 3))));
            dual.ShadowPrices[t] = next;
            predicted += slope[t] * (next - before[t]);
        }

        return predicted;
    }

    private int Free()
    {
        var count = 0;
        for (var t = 0; t < before.Length; t++)
        {
            if (double.IsFinite(dual.Holdings[t]) && (before[t] > dual.Lowest[t] || slope[t] < 0))
                free[count++] = t;
        }

        return count;
    }

    /// <summary>Newton's direction; tokens at their bound that it would push below are left out.</summary>
    private void Newton(int count, double longest)
    {
        while (true)
        {
            for (var damping = Damping; !Solve(count, damping, longest); damping *= 10)
            {
                // Numbers too large or too small to compute with have no direction.
                if (double.IsFinite(damping))
                    continue;
                Array.Clear(direction);
                return;
            }

            var kept = 0;
            for (var a = 0; a < count; a++)
            {
                if (before[free[a]] > dual.Lowest[free[a]] || direction[free[a]] >= 0)
                    free[kept++] = free[a];
            }

            if (kept == count)
                return;
            count = kept;
        }
    }

    /// <summary>Solves (QHQ + damping) d = −Qg over the free tokens, Q = diag q, by Cholesky's factors; false where the matrix is not positive definite.</summary>
    private bool Solve(int count, double damping, double longest)
    {
        var (tokens, largest) = (before.Length, 0.0);
        for (var a = 0; a < count; a++)
        {
            right[a] = -before[free[a]] * slope[free[a]];
            for (var b = 0; b <= a; b++)
                matrix[(a * tokens) + b] = before[free[a]] * before[free[b]] * dual.Hessian[(free[a] * tokens) + free[b]];
            largest = Math.Max(largest, Math.Max(matrix[(a * tokens) + a], Math.Abs(right[a])));
        }

        direction.AsSpan().Clear();
        if (largest == 0)
            return true;
        for (var a = 0; a < count; a++)
        {
            var row = matrix.AsSpan(a * tokens, a + 1);
            // Where the dual is linear, a token moves by no more than the longest step.
            row[a] += (damping * Math.Max(row[a], 1e-9 * largest)) + (Math.Abs(right[a]) / longest);
            for (var b = 0; b <= a; b++)
            {
                var sum = row[b] - TensorPrimitives.Dot<double>(row[..b], matrix.AsSpan(b * tokens, b));
                if (b < a)
                    row[b] = sum / matrix[(b * tokens) + b];
                else if (sum > 0)
                    row[a] = Math.Sqrt(sum);
                else
                    return false;
            }

            right[a] = (right[a] - TensorPrimitives.Dot<double>(row[..a], right.AsSpan(0, a))) / row[a];
        }

        for (var a = count - 1; a >= 0; a--)
        {
            right[a] /= matrix[(a * tokens) + a];
            for (var b = 0; b < a; b++)
                right[b] -= matrix[(a * tokens) + b] * right[a];
            direction[free[a]] = right[a];
        }

        return true;
    }

    /// <summary>The direction of the scaled gradient, where Newton's does not fall once bounds have cut it.</summary>
    private bool Steepest(int count, double longest)
    {
        var largest = 0.0;
        for (var a = 0; a < count; a++)
            largest = Math.Max(largest, Math.Abs(before[free[a]] * slope[free[a]]));
        for (var a = 0; a < count; a++)
            direction[free[a]] = -before[free[a]] * slope[free[a]] / largest * longest;
        return largest > 0;
    }
}
