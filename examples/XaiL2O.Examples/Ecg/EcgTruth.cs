using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>The true signals in place of estimates: certificates that the truth does not pass would be worth nothing.</summary>
internal static class EcgTruth
{
    /// <summary>Judges signals as estimates from their own clean measurements.</summary>
    public static EcgInference[] Judge(IReadOnlyList<EcgWindow> windows, IReadOnlyList<EcgWindow> training, ImplicitDictionaryTrainer.Options options, ImplicitDictionaryTransformer learned, Certifier certifier)
    {
        using var scope = NewDisposeScope();
        static Tensor Rows(IReadOnlyList<EcgWindow> windows, Func<EcgWindow, float[]> of) => tensor(windows.SelectMany(of).ToArray()).reshape(windows.Count, -1).to(float64);
        // The prior that the trainer learned from the same rows.
        using var prior = MeasurementPrior.FromPairs(Rows(training, w => w.Measurements), Rows(training, w => w.Signal), options.PriorNoise);
        using var model = new ImplicitDictionaryModel(options.MeasurementMatrix, learned.Transform(), options.Model, float64, prior: prior);
        var values = model.Evaluate(Rows(windows, w => w.Signal), Rows(windows, w => w.Measurements));
        return
        [
            .. windows.Select((window, i) =>
            {
                var row = new EcgInference
                {
                    Record = window.Record,
                    Signal = window.Signal,
                    Estimate = window.Signal,
                    Sparsity = values[0][i],
                    Fidelity = values[1][i],
                    Prediction = values[2][i],
                    Agreement = values[3][i],
                    Converged = true,
                };
                var verdict = certifier.Certify(row.Values);
                (row.Trustworthy, row.JointPValue, row.FailedParts) = (verdict.Trustworthy, verdict.JointPValue, string.Join(", ", verdict.FailedParts));
                return row;
            }),
        ];
    }
}
