using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Examples;

namespace XaiL2O.MLNet.Tests;

/// <summary>Bounds of components: widths by their definition, the share outside, rows that differ in length, refusals, reload in a fresh process.</summary>
internal sealed class ComponentBoundLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        [VectorType(8)]
        public float[] Signal { get; set; } = [];

        [VectorType(8)]
        public float[] Estimate { get; set; } = [];

        [VectorType(8)]
        public float[] Scale { get; set; } = [];

        public float[] AnySignal { get; set; } = [];

        public float[] AnyEstimate { get; set; } = [];
    }

    /// <summary>Later components have more noise, as the scale says.</summary>
    private static Row[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                float[] scale = [.. Enumerable.Range(0, 8).Select(i => 0.1f * (i + 1))], signal = [.. scale.Select(_ => random.NextSingle())];
                float[] estimate = [.. signal.Zip(scale, (s, w) => s + (w * ((2 * random.NextSingle()) - 1)))];
                var length = 1 + random.Next(8);
                return new Row { Signal = signal, Estimate = estimate, Scale = scale, AnySignal = signal[..length], AnyEstimate = estimate[..length] };
            }),
        ];
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static ComponentBoundOptions Options(string kind = "") => new() { OutputColumnName = kind + "Estimate", TruthColumnName = kind + "Signal" };

    private static (double[][] Lower, double[][] Upper) Bounds(ITransformer bound, IDataView rows, string column = "Estimate")
    {
        var view = bound.Transform(rows);
        return ([.. view.GetColumn<double[]>(column + ".Lower")], [.. view.GetColumn<double[]>(column + ".Upper")]);
    }

    [TestCase("", false)]
    [TestCase("", true)]
    [TestCase("Any", false)]
    public void At_most_a_share_is_outside_and_the_bound_reloads_in_a_fresh_process(string kind, bool scaled)
    {
        var rows = Draw(3, 600);
        var bound = Ml.L2O().BoundComponents(Options(kind) with { ScaleColumnName = scaled ? "Scale" : null }).Fit(View(Draw(2, 600)));
        var (lower, upper) = Bounds(bound, View(rows), kind + "Estimate");
        float[] Truth(Row row) => kind == "" ? row.Signal : row.AnySignal;
        float[] Estimate(Row row) => kind == "" ? row.Estimate : row.AnyEstimate;
        var outside = rows.Select((row, r) => Truth(row).Select((y, i) => y < lower[r][i] || y > upper[r][i] ? 1.0 : 0).Average()).Average();
        // A tenth on average; one calibration and one test set vary by less than 1 %.
        Assert.That(outside, Is.InRange(0.07, 0.13));
        for (var r = 0; r < rows.Length; r++)
            Assert.That(upper[r].Zip(lower[r], (u, l) => (u - l) / 2), Is.EqualTo(Estimate(rows[r]).Select((_, i) => bound.Factor * (scaled ? (double)rows[r].Scale[i] : 1))).Within(1e-9));
        Assert.That(bound.Rows, Is.EqualTo(600));
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, bound, View(Draw(4, 30)), folder.PathOf("model.zip")).Differing, Is.Zero);
    }

    [Test]
    public void Scales_narrow_what_is_easy() =>
        Assert.That(
            Bounds(Ml.L2O().BoundComponents(Options() with { ScaleColumnName = "Scale" }).Fit(View(Draw(2, 600))), View(Draw(3, 1))).Upper[0][0],
            Is.LessThan(Bounds(Ml.L2O().BoundComponents(Options()).Fit(View(Draw(2, 600))), View(Draw(3, 1))).Upper[0][0]));

    [Test]
    public void Components_that_are_no_numbers_have_no_bound_and_count_as_outside()
    {
        var rows = Draw(2, 200);
        foreach (var row in rows)
            row.Scale = [0, float.NaN, -1, float.PositiveInfinity, 1, 1, 1, 1];
        foreach (var row in rows)
            row.Estimate[0] = row.Signal[0];
        rows[0].Estimate[4] = float.NaN;
        var bound = Ml.L2O().BoundComponents(Options() with { ScaleColumnName = "Scale" }).Fit(View(rows));
        var (lower, upper) = Bounds(bound, View(rows));
        Assert.That((lower[0][4], upper[0][4]), Is.EqualTo((double.NaN, double.NaN)));
        Assert.That((lower[0][0], upper[0][0]), Is.EqualTo(((double)rows[0].Signal[0], (double)rows[0].Signal[0])), "a scale of 0 leaves no room");
        foreach (var i in (int[])[1, 2, 3])
            Assert.That((lower[0][i], upper[0][i]), Is.EqualTo((double.NegativeInfinity, double.PositiveInfinity)));
        foreach (var row in rows)
            row.Estimate[4] = float.NaN;
        Assert.That(() => Ml.L2O().BoundComponents(Options()).Fit(View(rows)), Throws.InvalidOperationException.With.Message.Contains("components are NaN or infinite"));
    }

    /// <summary>An estimate of ∞ has no bound, so it is outside, whatever the scale beside it.</summary>
    [Test]
    public void Estimates_of_infinity_count_as_outside_whatever_their_scale([Values(float.NaN, float.PositiveInfinity, 1)] float scale)
    {
        var rows = Draw(2, 200);
        foreach (var row in rows)
            (row.Estimate[0], row.Scale[0]) = (float.PositiveInfinity, scale);
        Assert.That(() => Ml.L2O().BoundComponents(Options() with { ScaleColumnName = "Scale" }).Fit(View(rows)), Throws.InvalidOperationException, "an eighth is more than a tenth");
    }

    [Test]
    public void What_cannot_be_bounded_is_refused_by_name()
    {
        Assert.That(() => Ml.L2O().BoundComponents(Options()).Fit(View(Draw(2, 8))), Throws.InvalidOperationException.With.Message.Contains("at least 9 calibration rows"));
        var rows = Draw(2, 30);
        rows[3].Signal[2] = float.NaN;
        Assert.That(() => Ml.L2O().BoundComponents(Options()).Fit(View(rows)), Throws.InvalidOperationException.With.Message.Contains("1 of 30 rows have a truth in 'Signal'"));
        rows = Draw(2, 30);
        rows[5].AnyEstimate = new float[9];
        Assert.That(() => Ml.L2O().BoundComponents(Options("Any")).Fit(View(rows)), Throws.InvalidOperationException.With.Message.Contains("'AnyEstimate'"));
        Assert.That(() => Ml.L2O().BoundComponents(Options() with { TruthColumnName = "AnySignal", OutputColumnName = "Nothing" }).Fit(View(rows)), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Nothing'"));
        Assert.That(() => Ml.L2O().BoundComponents(risk: 1), Throws.ArgumentException.With.Message.Contains("Risk = 1"));
    }
}
