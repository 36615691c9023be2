using Microsoft.ML;
using Spectre.Console;

namespace XaiL2O.Examples;

/// <summary>Two models made of ready pieces, each in one file.</summary>
internal sealed class ComposeExample : IExample
{
    public string Name => "compose";

    public string Description => "Two models composed from terms, each in one file: learned sparse recovery of ECG, and unmixing of spectra.";

    public string FullDescription => "No effect here.";

    public void Run(ExampleContext context)
    {
        var ml = new MLContext(context.Seed);
        var summary = new Dictionary<string, object>();
        var sparse = SparseExperiment.Run(context, ml);
        summary["sparse_nmse_db"] = SparseExperiment.Nmse(sparse.Learned);
        summary["sparse_nmse_db_ista"] = SparseExperiment.Nmse(sparse.Ista);
        summary["sparse_nmse_db_ista_converged"] = SparseExperiment.Nmse(sparse.Converged);
        summary["sparse_converged"] = sparse.Learned.Average(r => r.Converged ? 1.0 : 0);
        summary["sparse_iterations"] = sparse.Learned.Average(r => r.Iterations);
        summary["threshold"] = sparse.Threshold;
        summary["seconds_sparse"] = context.ElapsedSeconds;
        UnmixingExperiment.Run(context, ml, summary);
        summary["seconds"] = context.ElapsedSeconds;
        foreach (var (key, value) in summary)
            AnsiConsole.WriteLine($"{key}: {value}");
        context.WriteSummary(summary);
    }
}
