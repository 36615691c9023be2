namespace XaiL2O.Trainers.Tests;

/// <summary>max ⟨p, u⟩ − ½uᵀQu for one CFMM, by golden sections.</summary>
internal sealed class GoldenSections(CfmmNetwork network, int cfmm, double[] reserves, double[] prices, double[] risk, double margin, double kept)
{
    private readonly Cfmm pool = network.Cfmms[cfmm];
    private readonly int offset = network.Offset(cfmm);

    private int Count => pool.Tokens.Count;

    private double Value => Enumerable.Range(0, Count).Sum(i => Price(i));

    private double Price(int i) => reserves[offset + i] * prices[network.TokenOf(offset + i)];

    private double Weight(int i) => pool.Rule == ExchangeRule.Geometric ? pool.Weights[i] / pool.Weights.Sum() : pool.Weights[i] * reserves[offset + i] / Enumerable.Range(0, Count).Sum(k => pool.Weights[k] * reserves[offset + k]);

    private double Gain(double v) => pool.Rule == ExchangeRule.Geometric ? Math.Log(1 + v) : v;

    private double Change(double u) => u < 0 ? -pool.FeeFactor * u : -u;

    public double Objective(double[] u)
    {
        var sum = 0.0;
        for (var i = 0; i < Count; i++)
        {
            sum += Price(i) / Value * u[i];
            for (var k = 0; k < Count; k++)
                sum -= 0.5 * u[i] * risk[(i * Count) + k] * u[k];
        }

        return sum;
    }

    public double Slack(double[] u) => Enumerable.Range(0, Count).Sum(i => Weight(i) * Gain(Change(u[i]))) - (pool.Rule == ExchangeRule.Geometric ? Math.Log(1 + margin) : margin);

    public double Maximum() => Best(new double[Count], 0);

    /// <summary>The best value over tokens i, i + 1, … with those before fixed; concave in each, since it is a partial maximum.</summary>
    private double Best(double[] u, int i)
    {
        if (i == Count - 1)
        {
            u[i] = 0;
            var missing = -Slack(u) / Weight(i);
            var v = pool.Rule == ExchangeRule.Geometric ? Math.Exp(missing) - 1 : missing;
            u[i] = v < 0 ? -v : -v / pool.FeeFactor;
            // Beyond what may be withdrawn: receive the most allowed, with slack.
            u[i] = Math.Min(u[i], 1 - kept);
            return Objective(u);
        }

        var (low, high) = (-3.0, 1 - kept);
        const double ratio = 0.6180339887498949;
        double At(double value)
        {
            u[i] = value;
            return Best(u, i + 1);
        }

        var (a, b) = (high - (ratio * (high - low)), low + (ratio * (high - low)));
        var (fa, fb) = (At(a), At(b));
        for (var k = 0; k < 60; k++)
        {
            if (fa < fb)
            {
                (low, a, fa) = (a, b, fb);
                b = low + (ratio * (high - low));
                fb = At(b);
            }
            else
            {
                (high, b, fb) = (b, a, fa);
                a = high - (ratio * (high - low));
                fa = At(a);
            }
        }

        return At((low + high) / 2);
    }
}
