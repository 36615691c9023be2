using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What training says of itself when it ends, and that saying it changes nothing.</summary>
internal sealed class TrainingRemarkLaws : TorchLaws
{
    private const int M = 6;

    private static readonly TrainingOptions Options = new() { Epochs = 20, Patience = 5, LearningRate = 1e-2 };

    private static EpochResult[] History(Func<int, (double Training, double Validation)> losses, int epochs, double converged = 1) =>
        [.. Enumerable.Range(1, epochs).Select(e => new EpochResult(e, losses(e).Training, losses(e).Validation, converged, 50))];

    private static (bool IsWarning, string Text)[] Remarks(EpochResult[] history, TrainingOptions? options = null, int? best = null) =>
        [.. TrainingRemarks.Of(history, best ?? history.MinBy(e => e.ValidationLoss)!.Epoch, 285, options ?? Options)];

    [Test]
    public void The_end_by_patience_is_told_with_the_epoch_and_the_weights_that_are_kept()
    {
        var history = History(e => (1.0 / e, Math.Abs(e - 7) < 1 ? 0.5 : 0.501), 12);
        Assert.That(Remarks(history).Single(r => !r.IsWarning).Text, Does.Contain("after epoch 12 of 20").And.Contain("Patience = 5").And.Contain("weights of epoch 7 are kept"));
        Assert.That(Remarks(history, best: 0).Single(r => !r.IsWarning).Text, Does.Contain("weights that training started from, which are kept"));
        Assert.That(Remarks(history, Options with { Epochs = 12 }), Is.Empty, "it was to end here");
        Assert.That(Remarks(history, Options with { Patience = 0 }), Is.Empty, "something else ended it");
    }

    [Test]
    public void A_validation_loss_that_rises_while_the_training_loss_falls_is_overfitting()
    {
        var history = History(e => (0.03 - (0.0005 * e), 0.032 + (0.0003 * Math.Abs(e - 9))), 14);
        Assert.That(Remarks(history).Single(r => r.IsWarning).Text, Does.Contain("overfitting").And.Contain("285 training rows").And.Contain("after epoch 9").And.Contain("WeightDecay"));
        Assert.That(Remarks(History(e => (0.03, 0.032 + (0.0003 * Math.Abs(e - 9))), 14)).Where(r => r.IsWarning), Is.Empty, "the training loss does not fall");
        Assert.That(Remarks(History(e => (0.03 - (0.0005 * e), 0.032 + (0.00003 * Math.Abs(e - 9))), 14)).Where(r => r.IsWarning), Is.Empty, "by less than what is clear");
    }

    [Test]
    public void Still_improving_is_said_only_where_the_last_epochs_are_the_best()
    {
        static (double, double) Falling(int e) => (1.0 / e, 1.0 / e);
        string[] Improving(EpochResult[] history, TrainingOptions options) => [.. Remarks(history, options).Select(r => r.Text).Where(t => t.Contains("still improving", StringComparison.Ordinal))];
        Assert.That(Improving(History(Falling, 20), Options), Has.One.Contains("Epochs = 20").And.One.Contains("higher learning rate"));
        Assert.That(Improving(History(e => e > 16 ? (1, 1) : Falling(e), 20), Options), Is.Empty, "the best epoch was 16");
        Assert.That(Improving(History(e => (1, 1 - (0.0001 * e)), 20), Options), Is.Empty, "it hardly falls");
        Assert.That(Improving(History(e => (e == 20 ? 1 : 1.0 / e, 1.0 / e), 20), Options), Is.Empty, "the training loss does not fall any more");
        Assert.That(Improving(History(Falling, 12), Options), Is.Empty, "it has not reached the last epoch");
        foreach (var rate in (double[])[0.5, 1])
            Assert.That(Improving(History(Falling, 20), Options with { LearningRate = rate }).Single(), Does.Not.Contain("learning rate"), "the option goes to 1");
    }

    [Test]
    public void Few_solves_that_converge_are_told_with_what_follows_from_it() =>
        Assert.That(
            Remarks(History(e => (1, 1), 20, converged: 0.12), best: 20).Single().Text,
            Does.Contain("Only 12").And.Contain("not those of solutions").And.Contain("inferences that stop before they converge").And.Contain("FinalIterations"));

    /// <summary>x = d/(1 + w) with one trained weight, and a loss of one's own where one is given.</summary>
    private sealed class Shrinkage(Func<Tensor, Tensor, Tensor>? loss = null) : ModelDefinition
    {
        public override int DataSize => M;

        public override int InferenceSize => M;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new SquaredL2Term("Energy", model.Identity), model.LearnedPositive("W", 1));
        }

        public override Tensor Loss(Tensor inference, Tensor data, Tensor targets) => loss?.Invoke(inference, targets) ?? base.Loss(inference, data, targets);
    }

    private static TrainingResult Train(Tensor data, Tensor targets, Func<Tensor, Tensor, Tensor>? loss = null, int epochs = 2)
    {
        using var model = new DefinedModel(new Shrinkage(loss));
        return ModelTrainer.Train(model, data, targets, new TrainingOptions { Epochs = epochs, BatchSize = 20, ValidationFraction = 0.2, LearningRate = 1e-3 });
    }

    [Test]
    public void The_loss_is_compared_with_a_constant_and_with_a_linear_estimate()
    {
        var data = Normal(1, 200, M);
        // A linear map that no shrinkage is.
        var linear = Train(data, data.flip(1)).Warnings.Single(w => w.Contains("not better than", StringComparison.Ordinal));
        Assert.That(linear, Does.Contain("not better than a constant").And.Contain("On the 40 validation rows".ToLowerInvariant()).And.Contain("or use the linear estimate"));
        // Nothing to be learned: the linear estimate is no advice where it is no better than a constant.
        Assert.That(Train(data, Normal(2, 200, M)).Warnings, Has.One.Contains("not better than a constant").And.One.Contains("more training rows"));
        // The best estimate of a sign is not linear, and a shrinkage is none at all; of x = d/2 the model is the truth.
        var right = Train(data, (data / 2) + (0.1 * Normal(3, 200, M)), epochs: 1);
        Assert.That(right.Warnings.Concat(right.Information), Has.One.Contains("the constant estimate (the mean of the training targets) has").And.One.Contains("the linear estimate (LinearEstimator) has"));
        Assert.That(right.Warnings, Has.None.Contains("not better than a constant"));
    }

    [Test]
    public void The_losses_of_simple_estimates_are_those_of_their_definition()
    {
        var (data, targets) = (Normal(1, 60, M), Normal(2, 60, M));
        var (heldData, heldTargets) = (Normal(3, 12, M), Normal(4, 12, M));
        using var model = new DefinedModel(new Shrinkage(), float64);
        var simple = SimpleEstimates.Of(model, data, targets, heldData, heldTargets, [])!;
        Assert.That(simple.Constant, Is.EqualTo((heldTargets - targets.mean([0], true)).square().mean().ToDouble()).Within(1e-9));
        // No ridge regression on the same rows is better by more than the choice of the ridge.
        var ridges = new LinearEstimatorOptions().Grid().Select(ridge =>
        {
            float[][] Rows(Tensor t) => [.. Values(t).Select(v => (float)v).Chunk(M)];
            var estimator = LinearEstimator.FromPairs(Rows(data), Rows(targets), options: new LinearEstimatorOptions { Ridge = ridge });
            return Rows(heldData).Zip(Rows(heldTargets), (d, x) => estimator.Estimate(d).Zip(x, (a, b) => Math.Pow(a - b, 2)).Average()).Average();
        }).ToArray();
        Assert.That(ridges.Min(r => Math.Abs(r - simple.Linear!.Value)), Is.LessThan(1e-9));
        Assert.That(SimpleEstimates.Of(model, data[..19], targets[..19], heldData, heldTargets, [])!.Linear, Is.Null, "too few rows");
        Assert.That(SimpleEstimates.Of(model, data, targets, heldData[..4], heldTargets[..4], []), Is.Null, "too few rows to compare on");
    }

    [Test]
    public void Other_losses_are_not_compared()
    {
        var data = Normal(1, 200, M);
        foreach (var loss in (Func<Tensor, Tensor, Tensor>[])[(x, t) => (x - t).abs().mean(), (x, t) => -(x * t).mean(), (x, t) => (x - t)[.., ..2].square().mean()])
        {
            var result = Train(data, data.flip(1), loss);
            Assert.That(result.Warnings.Concat(result.Information), Has.None.Contains("validation rows"));
        }
    }
}
