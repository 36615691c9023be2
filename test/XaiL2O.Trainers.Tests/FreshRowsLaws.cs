using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Training on rows that are made anew for every epoch, and judged on validation rows that are given.</summary>
internal sealed class FreshRowsLaws : TorchLaws
{
    private const int Size = 6;

    private static readonly TrainingOptions Options = new() { Epochs = 5, BatchSize = 4, LearningRate = 0.05, WarmStart = false, Patience = 0, CheckGradient = false };

    private sealed class Shrinkage : ModelDefinition
    {
        public override int DataSize => Size;

        public override int InferenceSize => Size;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new L1Term("L1", model.Identity), model.LearnedPositive("Tau", 0.5));
        }
    }

    /// <summary>Sparse signals under noise.</summary>
    private static (Tensor Data, Tensor Targets) Rows(int seed)
    {
        var signals = Normal(seed, 10, Size) * Normal(seed + 1000, 10, Size).gt(0.8).to(float64);
        return (signals + (0.05 * Normal(seed + 2000, 10, Size)), signals);
    }

    [Test]
    public void Every_epoch_has_its_rows_and_the_given_rows_choose()
    {
        using var model = new DefinedModel(new Shrinkage());
        var (asked, reports) = (new List<int>(), new List<EpochResult>());
        var validation = Rows(77);
        var result = ModelTrainer.TrainOnFreshRows(model, epoch =>
        {
            asked.Add(epoch);
            return Rows(epoch);
        }, validation, Options, new Receiver(p => reports.AddRange(p.Completed is { } done ? [done] : [])));
        Assert.That(asked, Is.EqualTo(Enumerable.Range(1, Options.Epochs)));
        Assert.That(reports, Is.EqualTo(result.Epochs));
        Assert.That(result.BestEpoch, Is.EqualTo(result.Epochs.MinBy(e => e.ValidationLoss)!.Epoch));
        var inferences = tensor(model.Infer(validation.Data, Options.Solver).Inference.SelectMany(x => x).ToArray()).view(-1, Size);
        Assert.That((inferences - validation.Targets).square().mean().ToDouble(), Is.EqualTo(result.Epochs[result.BestEpoch - 1].ValidationLoss).Within(1).Percent);
        // With the threshold that it starts from most signals are lost.
        Assert.That(result.Epochs[^1].ValidationLoss, Is.LessThan(0.5 * result.Epochs[0].ValidationLoss!.Value));
    }

    [Test]
    public void An_interrupted_training_goes_on_with_the_rows_of_its_epoch([Values] OptimizerKind optimizer)
    {
        var path = Path.GetTempFileName();
        File.Delete(path);
        var options = Options with { Optimizer = optimizer };
        var resumable = options with { CheckpointPath = path };
        using var whole = new DefinedModel(new Shrinkage());
        ModelTrainer.TrainOnFreshRows(whole, Rows, Rows(77), options);
        using (var interrupted = new DefinedModel(new Shrinkage()))
        using (var source = new CancellationTokenSource())
        {
            Assert.That(ModelTrainer.TrainOnFreshRows(interrupted, Rows, Rows(77), resumable, new Receiver(p =>
            {
                if (p.Epoch == 3)
                    source.Cancel();
            }), source.Token).Cancelled);
        }

        using var resumed = new DefinedModel(new Shrinkage());
        var asked = new List<int>();
        ModelTrainer.TrainOnFreshRows(resumed, epoch =>
        {
            asked.Add(epoch);
            return Rows(epoch);
        }, Rows(77), resumable);
        // The first tells whether the checkpoint is of this training.
        Assert.That(asked, Is.EqualTo((int[])[1, 3, 4, 5]).Or.EqualTo((int[])[1, 4, 5]));
        Assert.That(resumed.ExportWeights()[0].Values, Is.EqualTo(whole.ExportWeights()[0].Values));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(resumed, epoch => Rows(epoch + 1), Rows(77), resumable), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("training rows"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(resumed, Rows, Rows(78), resumable), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("training rows"));
        File.Delete(path);
    }

    [Test]
    public void Rows_of_the_caller_stay_in_use_and_odd_ones_are_left_out()
    {
        using var model = new DefinedModel(new Shrinkage());
        var (data, targets) = (Rows(1).Data.to(float32), Rows(1).Targets.to(float32));
        data[3, 2] = float.NaN;
        var warnings = new List<string>();
        var result = ModelTrainer.TrainOnFreshRows(model, _ => (data, targets), (data, targets), Options, new Receiver(p => warnings.AddRange(p.Warning is { } w ? [w] : [])));
        Assert.That(data.isnan().sum().ToInt64(), Is.EqualTo(1));
        Assert.That(targets.shape, Is.EqualTo(new long[] { 10, Size }));
        Assert.That(result.Epochs.Select(e => e.ValidationLoss), Has.All.Matches<double?>(v => v is { } loss && double.IsFinite(loss)));
        Assert.That(warnings, Has.One.Contains("1 of 10 training rows"));
    }

    [Test]
    public void What_cannot_be_trained_on_is_refused() => Assert.Multiple(() =>
    {
        using var model = new DefinedModel(new Shrinkage());
        var (data, targets) = Rows(1);
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, Rows, Rows(1), Options with { WarmStart = true }), Throws.ArgumentException.With.Message.Contains("WarmStart"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, epoch => (data.slice(0, 0, 10 - epoch, 1), targets.slice(0, 0, 10 - epoch, 1)), Rows(1), Options), Throws.InvalidOperationException.With.Message.Contains("Epoch 2 has 8 finite rows and the first had 9"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, _ => (data, targets.slice(1, 0, 2, 1)), Rows(1), Options), Throws.ArgumentException.With.Message.Contains("[10, 2]"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, Rows, (data, targets.slice(1, 0, 2, 1)), Options), Throws.ArgumentException.With.Message.Contains("[10, 2]"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, Rows, (full_like(data, double.NaN), targets), Options), Throws.ArgumentException.With.Message.Contains("validation"));
        Assert.That(() => ModelTrainer.TrainOnFreshRows(model, _ => (full_like(data, double.NaN), targets), Rows(1), Options), Throws.ArgumentException.With.Message.Contains("at least one finite row"));
    });

    private sealed class Receiver(Action<TrainingProgress> receive) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => receive(value);
    }
}
