using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

/// <summary>Training and certificates.</summary>
public static class Pipeline
{
    /// <summary>Trains the model on some rows and calibrates its certificates on others. Of good rows at most 5 % fail, by all certificates together.</summary>
    public static ITransformer Train(MLContext ml, Signal[] trainingRows, Signal[] calibrationRows)
    {
        var model = ml.L2O().Train(new Denoiser(), nameof(Signal.Measured), nameof(Signal.Truth), nameof(Answer.Estimate)).Fit(ml.Data.LoadFromEnumerable(trainingRows));
        var certifier = ml.L2O().Certify(new CertifierOptions
        {
            Properties = [new("Fidelity"), new("Variation"), CertifiedProperty.Convergence()],
            Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
        }).Fit(model.Transform(ml.Data.LoadFromEnumerable(calibrationRows)));
        return model.Append(certifier);
    }

    /// <summary>What a model says of rows.</summary>
    public static Answer[] Ask(MLContext ml, ITransformer model, Signal[] rows) =>
        [.. ml.Data.CreateEnumerable<Answer>(model.Transform(ml.Data.LoadFromEnumerable(rows)), reuseRowObject: false)];

    /// <summary>Root of the mean squared error over all entries of all rows.</summary>
    public static double Error(IEnumerable<float[]> estimates, IEnumerable<float[]> truths) =>
        Math.Sqrt(estimates.Zip(truths, (x, y) => x.Zip(y, (a, b) => Math.Pow(a - b, 2)).Average()).Average());
}
