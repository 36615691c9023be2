using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>Loads a saved chain in a fresh process and compares every number and text of its outputs with those of the process that saved it.</summary>
internal static class ChainReload
{
    /// <summary>The argument that makes this program the child.</summary>
    public const string Verb = "reload-chain";

    /// <summary>The child: transforms the rows beside the model and writes every value.</summary>
    public static int Run(string modelPath, string outputPath)
    {
        var ml = new MLContext();
        var model = ml.Model.Load(modelPath, out _);
        File.WriteAllLines(outputPath, Values(ml, model.Transform(ml.Data.LoadFromBinary(modelPath + ".rows"))));
        return 0;
    }

    /// <summary>
    /// Saves model and rows, reloads them in a child process and counts the values that differ in any bit, of how many, with the largest
    /// difference of a number (∞ where a text or a NaN differs).
    /// </summary>
    public static (int Differing, int Values, double MaxAbsDifference) Compare(MLContext ml, ITransformer model, IDataView rows, string modelPath)
    {
        using var folder = new TemporaryFolder();
        var (saved, outputPath) = (folder.PathOf("model.zip"), folder.PathOf("outputs"));
        ml.Model.Save(model, rows.Schema, saved);
        using (var stream = File.Create(saved + ".rows"))
            ml.Data.SaveAsBinary(rows, stream);
        RunChild(saved, outputPath);
        FileReplacement.Write(modelPath, stream =>
        {
            using var file = File.OpenRead(saved);
            file.CopyTo(stream);
        });
        string[] here = [.. Values(ml, model.Transform(rows))];
        var there = File.ReadAllLines(outputPath);
        if (here.Length != there.Length)
            throw new InvalidOperationException($"The reloaded model gave {there.Length} values, the saved one {here.Length}.");
        var differing = here.Zip(there).Where(pair => pair.First != pair.Second).ToArray();
        return (differing.Length, here.Length, differing.Select(pair => Difference(pair.First, pair.Second)).DefaultIfEmpty(0).Max());
    }

    private static void RunChild(string modelPath, string outputPath)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        foreach (var argument in (string[])[typeof(ChainReload).Assembly.Location, Verb, modelPath, outputPath])
            start.ArgumentList.Add(argument);
        using var child = Process.Start(start) ?? throw new InvalidOperationException("The child process did not start.");
        try
        {
            var errors = child.StandardError.ReadToEndAsync();
            while (!child.WaitForExit(TimeSpan.FromMilliseconds(50)))
                Interruption.Check();
            if (child.ExitCode != 0)
                throw new InvalidOperationException($"Reloading the model in a child process failed with exit code {child.ExitCode}: {errors.Result}");
        }
        finally
        {
            child.Kill(); // without effect where it has ended
        }
    }

    private static double Difference(string here, string there) => here.Split(' ').Zip(there.Split(' '), (a, b) =>
        a == b ? 0
        : double.TryParse(a, CultureInfo.InvariantCulture, out var x) && double.TryParse(b, CultureInfo.InvariantCulture, out var y) && double.IsFinite(x - y) ? Math.Abs(x - y)
        : double.PositiveInfinity).Max();

    /// <summary>Every value of every visible number, text or boolean column, numbers so that each bit shows.</summary>
    private static IEnumerable<string> Values(MLContext ml, IDataView source)
    {
        // All columns in one pass: a pass solves every row.
        var view = ml.Data.Cache(source, [.. source.Schema.Where(c => !c.IsHidden).Select(c => c.Name)]);
        foreach (var column in view.Schema.Where(c => !c.IsHidden))
        {
            IEnumerable<string>? values = column.Type switch
            {
                NumberDataViewType t when t == NumberDataViewType.Double => view.GetColumn<double>(column).Select(v => v.ToString("R", null)),
                NumberDataViewType t when t == NumberDataViewType.Single => view.GetColumn<float>(column).Select(v => v.ToString("R", null)),
                NumberDataViewType t when t == NumberDataViewType.Int32 => view.GetColumn<int>(column).Select(v => v.ToString("D", null)),
                BooleanDataViewType => view.GetColumn<bool>(column).Select(v => v.ToString()),
                TextDataViewType => view.GetColumn<string>(column).Select(v => v.ReplaceLineEndings(" ")),
                VectorDataViewType { ItemType: NumberDataViewType item } when item == NumberDataViewType.Single => view.GetColumn<float[]>(column).Select(v => string.Join(' ', v.Select(x => x.ToString("R", null)))),
                VectorDataViewType { ItemType: NumberDataViewType item } when item == NumberDataViewType.Double => view.GetColumn<double[]>(column).Select(v => string.Join(' ', v.Select(x => x.ToString("R", null)))),
                _ => null,
            };
            foreach (var value in values ?? [])
                yield return $"{column.Name}: {value}";
        }
    }
}
