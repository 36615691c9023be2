using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>The true signals in place of estimates, with the property values of the learned model: a limit that the truth exceeds would measure likeness to the model.</summary>
internal static class EcgTruth
{
    /// <summary>Signals as estimates from their own clean measurements.</summary>
    public static EcgInference[] Rows(IReadOnlyList<EcgWindow> windows, ImplicitModelTransformer learned)
    {
        using var scope = NewDisposeScope();
        static Tensor Stack(IReadOnlyList<EcgWindow> windows, Func<EcgWindow, float[]> of) => tensor(windows.SelectMany(of).ToArray()).reshape(windows.Count, -1).to(float64);
        var values = learned.Model.Evaluate(Stack(windows, w => w.Signal), Stack(windows, w => w.Measurements));
        return
        [
            .. windows.Select((window, i) => new EcgInference
            {
                Record = window.Record,
                Signal = window.Signal,
                Estimate = window.Signal,
                Fidelity = values[0][i],
                Prior = values[1][i],
                Prediction = values[2][i],
                Agreement = values[3][i],
                Converged = true,
            }),
        ];
    }
}
