using Microsoft.ML;
using Microsoft.ML.Data;
using Spectre.Console;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// The shortest-path problem of decision-focused learning (Elmachtoub and Grigas 2022, section 6.1, doi 10.1287/mnsc.2020.3922; with the sizes of Tang and Khalil's benchmark, arXiv 2206.14234): from one corner of
/// a 5×5 grid to the other, where the costs of the 40 edges follow from five normal features by a polynomial of a degree, with noise of up to a half of each cost. Predictions are linear.
/// </summary>
internal sealed class ShortestPaths(ExampleContext context)
{
    private const int Grid = 5;
    private const int FeatureCount = 5;
    private const double Noise = 0.5;
    private const int TestRows = 1000;

    /// <summary>Mean normalised regrets of ten seeds that the benchmark's repository lists, by training rows and degree: linear regression, and SPO+ with a linear prediction, in percent.</summary>
    private static readonly Dictionary<(int Rows, int Degree), (double TwoStage, double Focused)> Published = new()
    {
        [(100, 1)] = (16.9, 18.5), [(100, 2)] = (11.5, 13.4), [(100, 4)] = (9.9, 10.6), [(100, 6)] = (14.0, 12.5),
        [(1000, 1)] = (15.4, 16.0), [(1000, 2)] = (10.6, 10.9), [(1000, 4)] = (8.8, 7.7), [(1000, 6)] = (12.6, 8.2),
    };

    private static readonly (int From, int To)[] Edges =
    [
        .. Enumerable.Range(0, Grid * Grid).SelectMany(v => new[] { (v, v % Grid < Grid - 1 ? v + 1 : -1), (v, v / Grid < Grid - 1 ? v + Grid : -1) }).Where(e => e.Item2 >= 0),
    ];

    /// <summary>One unit leaves the first node and reaches the last.</summary>
    private static readonly DecisionDefinition Path = new() { Size = Edges.Length, Costs = "Costs", Constraints = [VectorConstraint.Equality("Flow", Incidence(), Supply()), VectorConstraint.Bounds("Edges", 0)] };

    public void Measure(Dictionary<string, object> summary)
    {
        var table = new Table().AddColumns("Rows", "Degree", "Regression", "Decision-focused", "Difference", "Published");
        foreach (var rows in (int[])[100, 1000])
        {
            foreach (var degree in (int[])[1, 2, 4, 6])
            {
                if (context.Size == RunSize.Quick && (rows, degree) is not ((100, 6) or (1000, 4)))
                    continue;
                ExampleContext.Say($"Shortest paths: {rows} rows, degree {degree}");
                (double TwoStage, double Focused)[] regrets = [.. Enumerable.Range(0, context.Sized(3, 10, 50)).Select(seed => Regrets(rows, degree, (1000 * context.Seed) + seed))];
                double[] differences = [.. regrets.Select(r => 100 * (r.Focused - r.TwoStage))];
                var (mean, half) = (differences.Average(), HalfWidth(differences));
                var key = $"{rows}_{degree}";
                (summary[$"regret_two_stage_{key}"], summary[$"regret_decision_focused_{key}"]) = (regrets.Average(r => r.TwoStage), regrets.Average(r => r.Focused));
                (summary[$"regret_difference_{key}_low"], summary[$"regret_difference_{key}_high"]) = (mean - half, mean + half);
                table.AddRow($"{rows}", $"{degree}", $"{100 * regrets.Average(r => r.TwoStage):0.0}", $"{100 * regrets.Average(r => r.Focused):0.0}", $"{mean:+0.0;−0.0} ± {half:0.0}", $"{Published[(rows, degree)].TwoStage:0.0}, {Published[(rows, degree)].Focused:0.0}");
            }
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine("Regret in % of what the best paths cost, mean of the seeds; of the difference with its 95 % interval (Student). Published: regression and SPO+ of Tang and Khalil.");
    }

    private (double TwoStage, double Focused) Regrets(int rows, int degree, int seed)
    {
        var ml = new MLContext(seed);
        var all = Draw(rows + TestRows, degree, new Random(seed));
        var (training, test) = (ml.Data.LoadFromEnumerable(all[..rows]), ml.Data.LoadFromEnumerable(all[rows..]));
        var best = Values(ml.L2O().Optimize(Path).Fit(training).Transform(test));
        double Regret(DecisionLoss objective)
        {
            var definition = new LearnedDecisionDefinition { Decision = Path, FeatureCount = FeatureCount, Objective = objective, Seed = seed };
            var options = new ImplicitModelTrainer.Options { Training = definition.Training with { Epochs = rows < 500 ? 100 : 30, Seed = seed }, CancellationToken = context.Cancellation };
            var decided = Values(ml.L2O().Train(definition, options).Fit(training).Transform(test));
            double Cost(double[][] paths) => paths.Zip(all[rows..], (x, row) => x.Zip(row.Costs, (a, c) => a * c).Sum()).Sum();
            return (Cost(decided) - Cost(best)) / Cost(best);
        }

        return (Regret(DecisionLoss.PredictionError), Regret(DecisionLoss.Regret));
    }

    private static double[][] Values(IDataView view) => [.. view.GetColumn<VBuffer<double>>("Decision").Select(v => v.DenseValues().ToArray())];

    /// <summary>cₑ = ((Bf/√5 + 3)ᵈ + 1)/3.5ᵈ · ε with B of zeros and ones and ε from U(1 − noise, 1 + noise).</summary>
    private static PathRow[] Draw(int rows, int degree, Random random)
    {
        double[][] B = [.. Edges.Select(_ => Enumerable.Range(0, FeatureCount).Select(_ => (double)random.Next(2)).ToArray())];
        return
        [
            .. Enumerable.Range(0, rows).Select(_ =>
            {
                double[] features = [.. Enumerable.Range(0, FeatureCount).Select(_ => Gaussian.Next(random))];
                return new PathRow
                {
                    Features = [.. features.Select(f => (float)f)],
                    Costs =
                    [
                        .. B.Select(b => (float)((Math.Pow((b.Zip(features, (u, v) => u * v).Sum() / Math.Sqrt(FeatureCount)) + 3, degree) + 1) / Math.Pow(3.5, degree) * (1 + (Noise * ((2 * random.NextDouble()) - 1))))),
                    ],
                };
            }),
        ];
    }

    private static double[,] Incidence()
    {
        var A = new double[Grid * Grid, Edges.Length];
        for (var e = 0; e < Edges.Length; e++)
            (A[Edges[e].From, e], A[Edges[e].To, e]) = (1, -1);
        return A;
    }

    private static double[] Supply() => [1, .. new double[(Grid * Grid) - 2], -1];

    /// <summary>Half of the 95 % interval of a mean by Student's t.</summary>
    private static double HalfWidth(double[] values)
    {
        var mean = values.Average();
        var t = values.Length switch { <= 3 => 4.303, <= 10 => 2.262, _ => 2.01 };
        return t * Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length);
    }

    private sealed class PathRow
    {
        [VectorType(FeatureCount)]
        public required float[] Features { get; init; }

        [VectorType(2 * Grid * (Grid - 1))]
        public required float[] Costs { get; init; }
    }
}
