namespace XaiL2O.Certifiers;

/// <summary>
/// Nonnegative vectors of a given sum; projection by sorting (Held, Wolfe and Crowder, <i>Validation of subgradient optimization</i>,
/// Mathematical Programming 6:62–88, 1974, doi 10.1007/BF01580223).
/// </summary>
internal sealed class SimplexSet : TargetSet
{
    private readonly double total;

    public SimplexSet(double total)
    {
        if (!(total > 0 && double.IsFinite(total)))
            throw new ArgumentOutOfRangeException(nameof(total), total, $"A simplex has a finite sum greater than 0; got {total}.");
        this.total = total;
    }

    internal override FunctionDescription Description => new("Simplex") { Numbers = { ["total"] = total } };

    internal override string Cause => "entries that are negative or do not sum up as they must: scores that are not probabilities, or shares that leave something out";

    internal override string Distant => "from the simplex";

    public override void Project(ReadOnlySpan<double> x, Span<double> result)
    {
        foreach (var value in x)
        {
            if (!double.IsFinite(value))
            {
                result.Fill(double.NaN);
                return;
            }
        }

        // θ such that Σ max(x − θ, 0) = total: the largest k with u_k > (Σ_{i≤k} u_i − total)/k, u descending.
        x.CopyTo(result);
        result.Sort();
        var (sum, threshold) = (0.0, 0.0);
        for (var k = 1; k <= result.Length; k++)
        {
            var u = result[^k];
            sum += u;
            var candidate = (sum - total) / k;
            // The largest entry is always above its own θ; where rounding hides the total beside it, a vector far away would look inside.
            if (k > 1 && u <= candidate)
                break;
            threshold = candidate;
        }

        for (var i = 0; i < x.Length; i++)
            result[i] = Math.Max(x[i] - threshold, 0);
    }
}
