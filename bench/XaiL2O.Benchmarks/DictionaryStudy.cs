using TorchSharp;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Benchmarks;

/// <summary>
/// What the solver's options and the gradient's do for a trained dictionary model: iterations until the same tolerances are met and the error
/// of what comes out; and how near the gradients of few attached steps are to the implicit one.
/// </summary>
internal static class DictionaryStudy
{
    private const int TrainingRows = 1000;
    private const int TestRows = 50;
    private const int GradientRows = 20;

    public static void Run()
    {
        using var scope = NewDisposeScope();
        var (data, signals) = SyntheticDictionary.Draw(TrainingRows + TestRows);
        using var exact = Model(DictionarySolver.ExactAdmm);
        Console.WriteLine($"Training a dictionary model on {TrainingRows} generated signals …");
        ModelTrainer.Train(exact, data[..TrainingRows], signals[..TrainingRows], new TrainingOptions { Epochs = 12, LearningRate = 2e-3, Gradient = GradientMode.AttachedSteps });
        using var plain = Model(DictionarySolver.LinearizedAdmm);
        plain.ImportWeights(exact.ExportWeights());

        var (test, truth) = (data[TrainingRows..], signals[TrainingRows..]);
        var options = new FixedPointOptions { MaxIterations = 5000, CheckEvery = 1 };
        Console.WriteLine($"\nIterations to a residual of {options.ResidualTolerance} and a misfit of {options.FidelityTolerance}, {TestRows} test signals:\n");
        Console.WriteLine("| Splitting | Options | Median iterations | Slowest | Converged | Test MSE |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var (name, model) in new[] { ("linearised ADMM", plain), ("exact steps", exact) })
        {
            Row(name, "plain", model, options, test, truth);
            Row(name, "relaxation 1.6", model, options with { Relaxation = 1.6 }, test, truth);
            Row(name, "Anderson, 5 steps", model, options with { AndersonMemory = 5 }, test, truth);
            Row(name, "Anderson, 10 steps", model, options with { AndersonMemory = 10 }, test, truth);
        }

        var comparison = GradientComparison.Of(
            plain, test[..GradientRows], truth[..GradientRows], options with { ResidualTolerance = 1e-6 }, 1, 3, 10, 30, 100);
        Console.WriteLine($"\nGradients of the loss on {GradientRows} signals (linearised ADMM; contraction {comparison.Contraction:0.0000} per step):\n");
        Console.WriteLine("| Gradient | Cosine with the implicit gradient | Norm relative to it |");
        Console.WriteLine("|---|---|---|");
        foreach (var mode in comparison.Modes)
            Console.WriteLine($"| {(mode.AttachedSteps == 1 ? "Jacobian-free, 1 step" : $"phantom, {mode.AttachedSteps} steps")} | {mode.Cosine:0.000} | {mode.Norm / comparison.ImplicitNorm:0.000} |");
    }

    private static ImplicitModel Model(DictionarySolver solver) => new DictionaryDefinition
    {
        MeasurementMatrix = SyntheticDictionary.MeasurementMatrix(),
        InitialTransform = SyntheticDictionary.CosineTransform(),
        Model = new ImplicitDictionaryOptions { Solver = solver },
    }.CreateModel();

    private static void Row(string name, string what, ImplicitModel model, FixedPointOptions options, Tensor data, Tensor truth)
    {
        using var scope = NewDisposeScope();
        var inference = model.Infer(data, options);
        var x = tensor(inference.Inference.SelectMany(r => r).ToArray()).reshape(truth.shape);
        var sorted = inference.Iterations.Order().ToArray();
        Console.WriteLine($"| {name} | {what} | {sorted[sorted.Length / 2]} | {sorted[^1]} | {inference.Status.Count(s => s == SolveStatus.Converged) / (double)sorted.Length:P1} | {(x - truth.to(x.dtype)).pow(2).mean().ToDouble():0.00E0} |");
    }
}
