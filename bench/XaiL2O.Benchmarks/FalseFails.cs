using XaiL2O.Certifiers;

namespace XaiL2O.Benchmarks;

/// <summary>
/// Rates at which good rows fail, over 1 000 repetitions of calibrating on N rows and judging 200 new ones from the same distribution.
/// Three properties, independent or correlated; nominal rate 5 % for each certificate and for the joint verdict.
/// </summary>
internal static class FalseFails
{
    private const int Repetitions = 1000;
    private const int Judged = 200;
    private const double Level = 0.05;
    private static readonly int[] Sizes = [110, 510];
    private static readonly double[] Correlations = [0, 0.5, 0.95];

    public static void Run()
    {
        Console.WriteLine($"\nFalse fails in percent, nominal {100 * Level}; {Repetitions} repetitions of {Judged} rows; worst of three certificates, and joint verdicts");
        Console.WriteLine($"{"N",5} {"correlation",11} | {"Conformal: worst",16} {"Bonferroni",10} {"Holm",6} {"all pass",8} | {"Paper: worst",12} {"all pass",8}");
        foreach (var (n, correlation) in from n in Sizes from c in Correlations select (n, c))
        {
            var rates = Rates(n, correlation);
            Console.WriteLine($"{n,5} {correlation,11:0.00} | {rates["conformal"],16:0.00} {rates["bonferroni"],10:0.00} {rates["holm"],6:0.00} {rates["conformal all"],8:0.00} | {rates["paper"],12:0.00} {rates["paper all"],8:0.00}");
        }

        var (training, heldOut, paper) = OfARegression();
        Console.WriteLine($"Residual of a regression of 10 coefficients on 60 rows: Paper on its training rows {paper:0.00}, Conformal on its training rows {training:0.00}, Conformal on 60 held-out rows {heldOut:0.00}");
    }

    private static Dictionary<string, double> Rates(int n, double correlation)
    {
        var random = new Random(1);
        var fails = new Dictionary<string, long>();
        var worst = new Dictionary<string, long[]> { ["conformal"] = new long[3], ["paper"] = new long[3] };
        void Count(string key, bool failed) => fails[key] = fails.GetValueOrDefault(key) + (failed ? 1 : 0);
        for (var r = 0; r < Repetitions; r++)
        {
            var rows = Enumerable.Range(0, n).Select(_ => CertificateStudy.Row(random, correlation)).ToArray();
            EmpiricalDistribution[] distributions = [.. Enumerable.Range(0, 3).Select(i => new EmpiricalDistribution(rows.Select(row => row[i])))];
            Certifier Create(Calibration calibration, JointRule rule) => new(
                distributions.Select((d, i) => new PropertyCertifier($"{i}", d, new LabelPolicy { PassProbability = 1 - Level, FailProbability = Level }, calibration)),
                new JointPolicy { Rule = rule, FamilyLevel = Level });
            var (all, bonferroni, holm, paper) = (Create(Calibration.Conformal, JointRule.AllPass), Create(Calibration.Conformal, JointRule.Bonferroni), Create(Calibration.Conformal, JointRule.Holm), Create(Calibration.Paper, JointRule.AllPass));
            for (var j = 0; j < Judged; j++)
            {
                var row = CertificateStudy.Row(random, correlation);
                foreach (var (key, verdict) in new[] { ("conformal", all.Certify(row)), ("paper", paper.Certify(row)) })
                {
                    for (var i = 0; i < 3; i++)
                        worst[key][i] += verdict.Certificates[i].Label == CertificateLabel.Fail ? 1 : 0;
                    Count(key + " all", !verdict.Trustworthy);
                }

                Count("bonferroni", !bonferroni.Certify(row).Trustworthy);
                Count("holm", !holm.Certify(row).Trustworthy);
            }
        }

        foreach (var (key, counts) in worst)
            fails[key] = counts.Max();
        return fails.ToDictionary(f => f.Key, f => 100.0 * f.Value / (Repetitions * Judged));
    }

    /// <summary>Why calibration rows are held out: a model fits its training rows better than new ones.</summary>
    private static (double Training, double HeldOut, double Paper) OfARegression()
    {
        const int n = 60, d = 10;
        var random = new Random(2);
        var (training, heldOut, paper) = (0L, 0L, 0L);
        for (var r = 0; r < Repetitions; r++)
        {
            (double[] X, double Y)[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ =>
            {
                double[] x = [.. Enumerable.Range(0, d).Select(_ => CertificateStudy.Normal(random))];
                return (x, x.Sum() + CertificateStudy.Normal(random));
            })];
            var rows = Draw(n);
            var beta = LeastSquares(rows, d);
            double Residual((double[] X, double Y) row) => Math.Abs(row.Y - row.X.Zip(beta, (x, b) => x * b).Sum());
            PropertyCertifier On(IEnumerable<(double[] X, double Y)> calibration, Calibration rule) => new("Residual", new EmpiricalDistribution(calibration.Select(Residual)), new LabelPolicy(), rule);
            var (own, fresh, source) = (On(rows, Calibration.Conformal), On(Draw(n), Calibration.Conformal), On(rows, Calibration.Paper));
            foreach (var row in Draw(Judged))
            {
                var value = Residual(row);
                training += own.Certify(value).Label == CertificateLabel.Fail ? 1 : 0;
                heldOut += fresh.Certify(value).Label == CertificateLabel.Fail ? 1 : 0;
                paper += source.Certify(value).Label == CertificateLabel.Fail ? 1 : 0;
            }
        }

        double Percent(long count) => 100.0 * count / (Repetitions * Judged);
        return (Percent(training), Percent(heldOut), Percent(paper));
    }

    /// <summary>Normal equations by elimination; they are well conditioned for Gaussian rows.</summary>
    private static double[] LeastSquares((double[] X, double Y)[] rows, int d)
    {
        var a = new double[d, d + 1];
        foreach (var (x, y) in rows)
        {
            for (var i = 0; i < d; i++)
            {
                for (var j = 0; j < d; j++)
                    a[i, j] += x[i] * x[j];
                a[i, d] += x[i] * y;
            }
        }

        for (var k = 0; k < d; k++)
        {
            for (var i = 0; i < d; i++)
            {
                var factor = i == k ? 0 : a[i, k] / a[k, k];
                for (var j = k; j <= d; j++)
                    a[i, j] -= factor * a[k, j];
            }
        }

        return [.. Enumerable.Range(0, d).Select(i => a[i, d] / a[i, i])];
    }
}
