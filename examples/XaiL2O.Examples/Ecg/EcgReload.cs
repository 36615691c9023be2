using System.Diagnostics;
using Microsoft.ML;

namespace XaiL2O.Examples;

/// <summary>Loads a saved model in a fresh process and compares its outputs with those of the process that saved it.</summary>
internal static class EcgReload
{
    /// <summary>The child: transforms the rows beside the model and writes every number of the outputs.</summary>
    public static int Run(string modelPath, string outputPath)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(modelPath, out _);
        var rows = ml.Data.LoadFromBinary(modelPath + ".rows");
        using var writer = new BinaryWriter(File.Create(outputPath));
        foreach (var value in Numbers(ml, model.Transform(rows)))
            writer.Write(value);
        return 0;
    }

    /// <summary>Saves model and rows, reloads them in a child process and returns the largest difference of any output.</summary>
    public static double MaxAbsDifference(MLContext ml, ITransformer model, IDataView rows, string modelPath)
    {
        ml.Model.Save(model, rows.Schema, modelPath);
        using (var stream = File.Create(modelPath + ".rows"))
            ml.Data.SaveAsBinary(rows, stream);
        var outputPath = modelPath + ".outputs";
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(EcgReload).Assembly.Location, "reload", modelPath, outputPath])
            start.ArgumentList.Add(argument);
        using (var child = Process.Start(start) ?? throw new InvalidOperationException("The child process did not start."))
        {
            var errors = child.StandardError.ReadToEnd();
            child.WaitForExit();
            if (child.ExitCode != 0)
                throw new InvalidOperationException($"Reloading the model in a child process failed with exit code {child.ExitCode}: {errors}");
        }

        var here = Numbers(ml, model.Transform(rows)).ToArray();
        using var reader = new BinaryReader(File.OpenRead(outputPath));
        var there = new double[reader.BaseStream.Length / sizeof(double)];
        for (var i = 0; i < there.Length; i++)
            there[i] = reader.ReadDouble();
        if (here.Length != there.Length)
            throw new InvalidOperationException($"The reloaded model gave {there.Length} numbers, the saved one {here.Length}.");
        reader.Dispose();
        File.Delete(outputPath);
        File.Delete(modelPath + ".rows");
        return here.Zip(there, (a, b) => a.Equals(b) ? 0 : Math.Abs(a - b)).Max();
    }

    private static IEnumerable<double> Numbers(MLContext ml, IDataView outputs) =>
        ml.Data.CreateEnumerable<EcgInference>(outputs, reuseRowObject: false).SelectMany(row =>
            row.Estimate.Select(v => (double)v).Concat([row.Sparsity, row.Fidelity, row.SparsityPValue, row.Residual, row.Iterations, row.Converged ? 1 : 0, row.Trustworthy ? 1 : 0, row.FailedParts.Length]));
}
