using XaiL2O.Certifiers;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>The pictures of the ECG example.</summary>
internal static class EcgFigures
{
    public static void Draw(ExampleContext context, ImplicitModelTransformer learned, Certifier certifier, EcgInference[] corrupted, EcgMethods methods)
    {
        var (clean, linear, dct) = (methods.Learned, methods.LinearStationary, methods.Cosine);
        int[] picks = [.. clean.Select((r, i) => (r.Record, Index: i)).GroupBy(p => p.Record).SelectMany(g => g.Skip(5).Take(2)).Select(p => p.Index)];
        var panels = picks.Select(i => (
            $"Record {clean[i].Record}: PRD {clean[i].Prd:0.0} % learned, {linear[i].Prd:0.0} % linear, {dct[i].Prd:0.0} % DCT; {Verdict(clean[i])}",
            new[] { ("ECG", clean[i].Signal), ("learned", clean[i].Estimate), ("linear", linear[i].Estimate), ("DCT", dct[i].Estimate) })).ToList();
        panels.AddRange(corrupted.GroupBy(r => r.Corruption).Select(g => g.First()).Select(r => (
            $"{r.Corruption}: PRD {r.Prd:0} %; {Verdict(r)}",
            new[] { ("ECG", r.Signal), ("learned", r.Estimate) })));
        Figures.Panels(context.PathOf("reconstructions.png"), panels);

        Figures.Stems(context.PathOf("filters.png"), "Learned prior, strongest filter of the whitened signal", Filters(learned.Weights.Single(w => w.Name == "Filters")), "sample");
        Figures.Distributions(context.PathOf("certificates.png"),
        [
            Property("Pull of the learned prior, ‖∇q‖", 0),
            Property("Prediction of each measurement from the others, standardised error", 1),
            Property("Agreement with the linear estimate, ‖x − x_linear‖/‖x‖", 2),
            Property("Fidelity ‖Ax − d‖/‖d‖", 3),
        ]);
        Figures.Bounds(context.PathOf("bounds.png"), "Every window's PRD and its bound", "PRD in %", [("clean", [.. clean.Select(r => (r.Prd, r.PrdBound))]), ("corrupted", [.. corrupted.Select(r => (r.Prd, r.PrdBound))])]);
        Figures.Losses(context.PathOf("training.png"), learned.Training!, "mean of ‖x − x̂‖/‖x‖");

        (string, double, (string, double[])[]) Property(string title, int index) => (title, certifier.Properties[index].FailThreshold,
        [
            ("calibration", certifier.Properties[index].Distribution.Values.ToArray()),
            ("test, clean", [.. clean.Select(r => r.Values[index])]),
            ("test, corrupted, PRD up to 15 %", [.. corrupted.Where(r => !r.Bad).Select(r => r.Values[index])]),
            ("test, corrupted, PRD above 15 %", [.. corrupted.Where(r => r.Bad).Select(r => r.Values[index])]),
        ]);
    }

    /// <summary>Of the filters that make large features unlikely, the first half, and of those that make them likely, the one of the largest norm.</summary>
    private static (string, float[])[] Filters(NamedArray weight)
    {
        float[][] filters = [.. weight.Values.Chunk((int)weight.Shape[^1])];
        var half = filters.Length / 2;
        return [("large responses count as unlikely", filters[..half].MaxBy(w => MatrixMath.Norm(w))!), ("large responses count as likely", filters[half..].MaxBy(w => MatrixMath.Norm(w))!)];
    }

    private static string Verdict(EcgInference row) => (row.Trustworthy, row.Bad) switch
    {
        (true, false) => "passes",
        (true, true) => $"passes, though above {EcgCertificates.LargestPrd} %",
        _ => "fails " + row.FailedParts,
    };
}
