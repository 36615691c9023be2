using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Training on the value of decisions: the surrogate against regret and against differences, regression against its formula, and whether it pays.</summary>
internal sealed class LearnedDecisionLaws : TorchLaws
{
    private const int Costs = 6;
    private const int Features = 3;

    /// <summary>Shares of a whole, at most 0.6 each; with wear, decisions vary smoothly, without they are corners.</summary>
    private static DecisionDefinition Shares(double wear) => new()
    {
        Size = Costs,
        Costs = "Costs",
        QuadraticDiagonal = wear == 0 ? null : RowNumbers.Of(wear),
        Constraints = [VectorConstraint.Simplex("Whole", "Total"), VectorConstraint.Bounds("Most", upper: 0.6)],
    };

    private static LearnedDecisionDefinition Learned(double wear, DecisionLoss objective = DecisionLoss.Regret, int hidden = 0, double errorWeight = 0) =>
        new() { Decision = Shares(wear), FeatureCount = Features, Objective = objective, HiddenUnits = hidden, ErrorWeight = errorWeight };

    /// <summary>Features, and totals; true costs are a polynomial of the features.</summary>
    private static (Tensor Data, Tensor Costs) Rows(int rows, int degree, int seed)
    {
        using var generator = new Generator((ulong)seed);
        using var fixedGenerator = new Generator(99);
        var f = randn([rows, Features], dtype: ScalarType.Float64, generator: generator);
        var B = rand([Features, Costs], dtype: ScalarType.Float64, generator: fixedGenerator).round();
        var noise = 1 + (0.3 * ((2 * rand([rows, Costs], dtype: ScalarType.Float64, generator: generator)) - 1));
        return (cat([f, ones(rows, 1, dtype: ScalarType.Float64)], 1), ((mm(f, B) / Math.Sqrt(Features)) + 3).pow(degree) / Math.Pow(3.5, degree) * noise);
    }

    /// <summary>g(x) + cᵀx.</summary>
    private static double Objective(double wear, double[] x, double[] c) => x.Zip(c, (a, b) => (a * b) + (0.5 * wear * a * a)).Sum();

    private static double[][] Decide(double wear, Tensor costs)
    {
        using var model = Shares(wear).CreateModel();
        var inference = model.Infer(cat([costs, ones(costs.shape[0], 1, dtype: ScalarType.Float64)], 1), new FixedPointOptions());
        return (double[][])inference.Outputs[0];
    }

    private static double[][] Rowwise(Tensor t) => [.. t.contiguous().data<double>().ToArray().Chunk(Costs)];

    [Test]
    public void The_loss_is_at_least_the_regret_and_as_large_as_its_formula([Values(0, 0.5)] double wear)
    {
        var (data, costs) = Rows(50, 3, 1);
        using var model = Learned(wear).CreateModel();
        var predicted = Rowwise((Tensor)tensor(((double[][])model.Infer(data, new FixedPointOptions()).Outputs[^1]).SelectMany(c => c).ToArray()).reshape(50, Costs));
        var c = Rowwise(costs);
        var (best, ours, shifted) = (Decide(wear, costs), Decide(wear, tensor(predicted.SelectMany(p => p).ToArray()).reshape(50, Costs)), Decide(wear, tensor(predicted.Zip(c, (p, t) => p.Zip(t, (a, b) => (2 * a) - b)).SelectMany(p => p).ToArray()).reshape(50, Costs)));
        var (loss, regret, scale) = (0.0, 0.0, 0.0);
        for (var row = 0; row < 50; row++)
        {
            var z = Objective(wear, best[row], c[row]);
            double[] twice = [.. predicted[row].Zip(c[row], (a, b) => (2 * a) - b)];
            var own = -Objective(wear, shifted[row], twice) + (2 * Objective(wear, best[row], predicted[row])) - z;
            var rowRegret = Objective(wear, ours[row], c[row]) - z;
            Assert.That(own, Is.GreaterThanOrEqualTo(rowRegret - 1e-9), $"row {row}");
            Assert.That(rowRegret, Is.GreaterThanOrEqualTo(-1e-9));
            (loss, regret, scale) = (loss + own, regret + rowRegret, scale + Math.Abs(z));
        }

        using var grad = no_grad();
        var inference = tensor(ours.SelectMany(x => x).ToArray()).reshape(50, Costs);
        Assert.That(model.Loss(inference, data, costs).ToDouble(), Is.EqualTo(loss / scale).Within(1e-9 * loss / scale));
        Assert.That(model.ValidationLoss(inference, data, costs), Is.EqualTo(regret / scale).Within(1e-9));
        Assert.That(regret, Is.GreaterThan(0));
    }

    [Test]
    public void Its_gradient_is_that_of_differences([Values(0, 2)] int hidden)
    {
        // With wear the surrogate is differentiable.
        var (data, costs) = Rows(20, 3, 2);
        using var model = Learned(0.5, hidden: hidden, errorWeight: 0.1).CreateModel();
        using (no_grad())
        {
            using var generator = new Generator(5);
            foreach (var (_, weight) in model.Weights)
                weight.add_(0.3 * randn(weight.shape, dtype: ScalarType.Float64, generator: generator));
        }

        double Loss()
        {
            using var none = no_grad();
            return model.Loss(zeros(20, Costs, dtype: ScalarType.Float64), data, costs).ToDouble();
        }

        var loss = model.Loss(zeros(20, Costs, dtype: ScalarType.Float64), data, costs);
        loss.backward();
        foreach (var (name, weight) in model.Weights)
        {
            var gradient = weight.grad!.clone();
            using var none = no_grad();
            using var generator = new Generator(7);
            var direction = randn(weight.shape, dtype: ScalarType.Float64, generator: generator);
            const double h = 1e-5;
            weight.add_(h * direction);
            var above = Loss();
            weight.add_(-2 * h * direction);
            var below = Loss();
            weight.add_(h * direction);
            Assert.That((above - below) / (2 * h), Is.EqualTo((gradient * direction).sum().ToDouble()).Within(1e-5), name);
        }
    }

    [Test]
    public void Regression_finds_what_is_linear_and_shrinks_what_is_noise()
    {
        using var generator = new Generator(3);
        var f = randn([60, Features], dtype: ScalarType.Float64, generator: generator) * tensor(new[] { 1.0, 100, 0.01 }) + 5;
        var W = randn([Costs, Features], dtype: ScalarType.Float64, generator: generator);
        var exact = CostStart.Fit(f, mm(f, W.t()) + 2);
        double[] At(CostStart start, double[] row) =>
            [.. Enumerable.Range(0, Costs).Select(k => start.Intercept[k] + Enumerable.Range(0, Features).Sum(i => start.Weights[(k * Features) + i] * (row[i] - start.Mean[i]) / start.Deviation[i]))];
        var truth = Rowwise(mm(f, W.t()) + 2);
        double[][] rows = [.. f.data<double>().ToArray().Chunk(Features)];
        for (var row = 0; row < 60; row++)
            Assert.That(At(exact, rows[row]), Is.EqualTo(truth[row]).Within(1e-3));
        var noise = CostStart.Fit(f, randn([60, Costs], dtype: ScalarType.Float64, generator: generator));
        Assert.That(noise.Weights.Sum(w => w * w), Is.LessThan(0.02 * 60 / 12), "noise of 60 rows is hardly followed");
        // A feature that does not vary does no harm.
        var constant = CostStart.Fit(cat([f.narrow(1, 0, 2), ones(60, 1, dtype: ScalarType.Float64)], 1), randn([60, Costs], dtype: ScalarType.Float64, generator: generator));
        Assert.That(constant.Weights, Has.All.InRange(-10, 10));
    }

    [Test]
    public void Training_on_decisions_regrets_less_than_regression_where_costs_are_not_linear()
    {
        var ((data, costs), (testData, testCosts)) = (Rows(400, 6, 11), Rows(1000, 6, 12));
        var best = Decide(0, testCosts);
        double Regret(DecisionLoss objective)
        {
            var definition = (LearnedDecisionDefinition)Learned(0, objective, errorWeight: 0.02).Choose(data, costs, new FixedPointOptions(), CPU, default);
            using var model = definition.CreateModel();
            if (definition.LearnsWeights)
                ModelTrainer.Train(model, data, costs, definition.Training);
            var decided = (double[][])model.Infer(testData, new FixedPointOptions()).Outputs[0];
            return decided.Zip(Rowwise(testCosts), (x, c) => Objective(0, x, c)).Sum() / best.Zip(Rowwise(testCosts), (x, c) => Objective(0, x, c)).Sum();
        }

        var (regression, focused) = (Regret(DecisionLoss.PredictionError) - 1, Regret(DecisionLoss.Regret) - 1);
        Assert.That(regression, Is.GreaterThan(0.02), "there is something to gain");
        Assert.That(focused, Is.LessThan(0.9 * regression));
    }

    [Test]
    public void Decisions_are_those_of_the_predicted_costs_and_rows_without_one_are_left_out()
    {
        var (data, costs) = Rows(30, 2, 4);
        // No shares of at most 0.6 add up to 10.
        data[0, Features] = 10;
        var definition = (LearnedDecisionDefinition)Learned(0.5).Choose(data, costs, new FixedPointOptions(), CPU, default);
        using var model = definition.CreateModel();
        var inference = model.Infer(data, new FixedPointOptions());
        Assert.That(inference.Status[0], Is.EqualTo(SolveStatus.Infeasible));
        Assert.That(inference.Status.Skip(1), Has.All.EqualTo(SolveStatus.Converged));
        var predicted = (double[][])inference.Outputs[^1];
        var alone = Decide(0.5, tensor(predicted.SelectMany(c => c).ToArray()).reshape(30, Costs));
        var decided = (double[][])inference.Outputs[0];
        for (var row = 1; row < 30; row++)
            Assert.That(decided[row], Is.EqualTo(alone[row]).Within(1e-12));
        Assert.That(decided[0], Has.All.NaN);
        var x = tensor(decided.SelectMany(v => v).ToArray()).reshape(30, Costs);
        Assert.That(model.ValidationLoss(x, data, costs), Is.InRange(0, 1));
        Assert.That(double.IsFinite(model.Loss(x, data, costs).ToDouble()));
        var result = ModelTrainer.Train(model, data, costs, definition.Training with { Epochs = 2 });
        Assert.That(result.Epochs, Has.Count.EqualTo(2));
    }

    [Test]
    public void Costs_of_either_sign_whose_best_decision_may_be_nothing_are_trained_on()
    {
        var takes = new DecisionDefinition { Size = 2, Costs = "Costs", Constraints = [VectorConstraint.Bounds("Take", 0, 1)] };
        using var generator = new Generator(8);
        var f = randn([33, 1], dtype: ScalarType.Float64, generator: generator);
        // In the last rows nothing is worth taking, so that the best decision costs 0.
        var costs = cat([f + 0.5, f.abs() + 0.1], 1);
        var definition = (LearnedDecisionDefinition)new LearnedDecisionDefinition { Decision = takes, FeatureCount = 1 }.Choose(f, costs, new FixedPointOptions(), CPU, default);
        using var model = definition.CreateModel();
        var result = ModelTrainer.Train(model, f, costs, definition.Training with { Epochs = 5, BatchSize = 1 });
        Assert.That(result.Epochs.Select(e => e.TrainingLoss), Has.All.InRange(0, 1e3));
        Assert.That(result.Epochs.Select(e => e.ValidationLoss!.Value), Has.All.InRange(0, 1e3));
    }

    [Test]
    public void Predictions_that_lead_to_no_decision_are_no_good_ones()
    {
        var open = new DecisionDefinition { Size = 2, Costs = "Costs", Constraints = [VectorConstraint.Bounds("B", 0), VectorConstraint.Sum("Demand", lower: 1)] };
        var start = new CostStart([0], [1], [-1, 1], [0, 0], 1);
        using var model = new LearnedDecisionDefinition { Decision = open, FeatureCount = 1, Start = start }.CreateModel();
        var (f, costs) = (zeros(3, 1, dtype: ScalarType.Float64), tensor(new double[,] { { 1, 3 }, { 2, 1 }, { 1, 1 } }));
        var inference = model.Infer(f, new FixedPointOptions());
        Assert.That(inference.Status, Has.All.EqualTo(SolveStatus.Unbounded));
        using (no_grad())
        {
            using var splitting = model.CreateSplitting();
            var solve = model.Solve(splitting, f, new FixedPointOptions());
            Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.Unbounded));
            Assert.That(model.ValidationLoss(splitting.Inference(solve.State, f), f, costs), Is.EqualTo(double.PositiveInfinity));
        }

        // Its error says where to go: costs of −1 should be larger.
        var loss = model.Loss(zeros(3, 2, dtype: ScalarType.Float64), f, costs);
        loss.backward();
        Assert.That(model.Weights[1].Weight.grad![0].ToDouble(), Is.LessThan(-0.1));
    }

    private static readonly Case<(string Message, Func<LearnedDecisionDefinition> Make)>[] Refusals =
    [
        new("no costs", () => ("Costs must name the column", () => Learned(0) is var d ? new LearnedDecisionDefinition { FeatureCount = 3, Decision = new DecisionDefinition { Size = 6, Point = "P", Constraints = d.Decision.Constraints } } : d)),
        new("constant costs", () => ("Costs must name the column", () => new LearnedDecisionDefinition { FeatureCount = 3, Decision = new DecisionDefinition { Size = 6, Costs = 1.0, Constraints = Shares(0).Constraints } })),
        new("costs elsewhere too", () => ("in another place too", () => new LearnedDecisionDefinition { FeatureCount = 3, Decision = new DecisionDefinition { Size = 6, Costs = "Costs", Constraints = [VectorConstraint.Bounds("B", upper: "Costs"), .. Shares(0).Constraints] } })),
        new("a column named as the features", () => ("column 'Features'", () => new LearnedDecisionDefinition { FeatureCount = 3, Decision = new DecisionDefinition { Size = 6, Costs = "Costs", Constraints = [VectorConstraint.Bounds("B", 0, "Features")] } })),
        new("no features", () => ("FeatureCount = 0", () => new LearnedDecisionDefinition { FeatureCount = 0, Decision = Shares(0) })),
        new("a start of another size", () => ("the start has 1 means".Replace("the", "The", StringComparison.Ordinal), () => new LearnedDecisionDefinition { FeatureCount = 3, Decision = Shares(0), Start = new([0], [1], [0], [0], 1) })),
        new("a negative weight", () => ("ErrorWeight = -1", () => new LearnedDecisionDefinition { FeatureCount = 3, Decision = Shares(0), ErrorWeight = -1 })),
    ];

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause(Case<(string Message, Func<LearnedDecisionDefinition> Make)> refusals)
    {
        var (message, make) = refusals.Make();
        Assert.That(() => make().Validate(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(message));
    }
}
