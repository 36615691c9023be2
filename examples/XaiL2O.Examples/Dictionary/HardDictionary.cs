using Microsoft.ML;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>
/// A harder variant of the source's experiment: signals of 150 codes, a tenth of them active, through 100 measurements. They lie in 150 dimensions, so no
/// linear map of the measurements gives them back; their sparsity does.
/// </summary>
internal sealed class HardDictionary
{
    private const int Codes = 150;
    private const double Active = 0.1;

    public HardDictionary(ExampleContext context, MLContext ml)
    {
        // Draws of its own leave those of the source's experiment as they are.
        var random = new Random(context.Seed + 1000);
        var synthesis = Gaussian.Matrix(DictionaryRow.SignalLength, Codes, random);
        var A = Gaussian.UnitColumns(DictionaryRow.MeasurementCount, DictionaryRow.SignalLength, random);
        var (train, test) = (DictionaryRow.Draw(context.Sized(5_000, 10_000, 10_000), synthesis, A, Active, random), context.Thinned(DictionaryRow.Draw(1_000, synthesis, A, Active, random), DictionaryExample.QuickShare));
        Power = test.Average(r => Math.Pow(MatrixMath.Norm(r.Signal), 2) / DictionaryRow.SignalLength);
        Linear = DictionaryRow.LinearErrors(train, test);

        // On another draw of such a problem, ten epochs of 5 000 rows end at 3.4 on validation rows from a random start and at 3.5 to 4.0 from a randomly turned
        // whitening of the signals; linear regression is at 3.0. So the start has to find the codes.
        ExampleContext.Say("Harder variant: independent components of the training signals, the start of K");
        var start = IndependentComponents.Transform([.. train.Select(r => r.Signal)], context.Seed);
        var options = DictionaryExample.Options(context, context.Sized(2, 4, 12), 3e-4);
        DictionaryDefinition Definition(bool learn) => new() { MeasurementMatrix = A, InitialTransform = start, LearnTransform = learn };
        var trainView = ml.Data.LoadFromEnumerable(train);
        Model = ExampleContext.WithProgress("Harder variant: training", progress => ml.L2O().Trainers.ImplicitDictionary(Definition(learn: true), options with { Progress = progress }).Fit(trainView));
        var testView = ml.Data.LoadFromEnumerable(test);
        DictionaryRow[] Solve(ImplicitModelTransformer model) => [.. ml.Data.CreateEnumerable<DictionaryRow>(model.Transform(testView), reuseRowObject: false)];
        ExampleContext.Say("Harder variant: solving the test signals to convergence");
        Start = Solve(ml.L2O().Trainers.ImplicitDictionary(Definition(learn: false), options).Fit(trainView));
        Learned = Solve(Model);
    }

    public ImplicitModelTransformer Model { get; }

    /// <summary>Mean of xᵢ² over test signals and entries.</summary>
    public double Power { get; }

    /// <summary>Squared errors per entry of linear regression, one for every test signal.</summary>
    public double[] Linear { get; }

    /// <summary>Test rows solved with K as it was at the start of training.</summary>
    public DictionaryRow[] Start { get; }

    /// <summary>Test rows solved with the learned K.</summary>
    public DictionaryRow[] Learned { get; }
}
