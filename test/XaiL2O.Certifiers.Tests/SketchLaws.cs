using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>The bounded sketch: its stated error, on the side that keeps p-values valid, and its size.</summary>
internal sealed class SketchLaws
{
    private static SketchedDistribution Sketch(IEnumerable<double> values, double error)
    {
        var sketch = new QuantileSketch(error);
        foreach (var value in values)
            sketch.Add(value);
        return sketch.ToDistribution();
    }

    [Test]
    public void Counts_err_to_one_side_by_at_most_the_stated_error() =>
        Gen.Int[0, 300].Select(i => (double)i).Array[1, 1500].Select(Gen.Double[0.01, 0.3]).Sample((values, error) =>
        {
            var (sketch, exact) = (Sketch(values, error), new EmpiricalDistribution(values));
            Assert.That(sketch.Count, Is.EqualTo(exact.Count));
            for (var x = -1.0; x <= 301; x += 3.5)
            {
                var (approximate, count) = (sketch.CountStrictlyBelow(x), exact.CountStrictlyBelow(x));
                Assert.That(approximate, Is.LessThanOrEqualTo(count));
                Assert.That(count - approximate, Is.LessThanOrEqualTo(error * values.Length));
                // From the other side: what is at most x is never undercounted.
                var atMost = values.Count(v => v <= x);
                Assert.That(exact.CountAtMost(x), Is.EqualTo(atMost));
                Assert.That(sketch.CountAtMost(x) - atMost, Is.InRange(0, error * values.Length));
            }
        }, iter: 60);

    [TestCase("random")]
    [TestCase("ascending")]
    [TestCase("descending")]
    public void A_long_stream_keeps_few_values_within_the_error(string order)
    {
        var random = new Random(3);
        const int n = 200_000;
        double[] values = [.. Enumerable.Range(0, n).Select(i => order switch { "random" => random.NextDouble(), "ascending" => i, _ => n - i })];
        var sketch = new QuantileSketch(0.005);
        foreach (var value in values)
            sketch.Add(value);
        var (distribution, exact) = (sketch.ToDistribution(), new EmpiricalDistribution(values));
        var worst = values.Take(2000).Max(v => exact.CountStrictlyBelow(v) - distribution.CountStrictlyBelow(v));
        TestContext.Out.WriteLine($"{order}: {sketch.Kept} of {n} values kept, worst error {worst / (double)n:0.0000}");
        Assert.That(worst, Is.InRange(0, 0.005 * n));
        Assert.That(sketch.Kept, Is.LessThan(2000));
    }

    [Test]
    public void P_values_from_a_sketch_are_never_smaller_than_exact_ones() => Gen.Double[0, 1].Array[100, 400].Select(Gen.Double[0, 1.2]).Sample((values, x) =>
    {
        var exact = new PropertyCertifier("P", new EmpiricalDistribution(values), new LabelPolicy(), Calibration.Conformal).Certify(x);
        var sketched = new PropertyCertifier("P", Sketch(values, 0.02), new LabelPolicy(), Calibration.Conformal).Certify(x);
        Assert.That(sketched.PValue, Is.InRange(exact.PValue, exact.PValue + 0.02));
        Assert.That(sketched.Label, Is.LessThanOrEqualTo(exact.Label));
    });

    [Test]
    public void Sketches_too_coarse_for_the_level_are_refused()
    {
        var sketch = Sketch(Enumerable.Range(0, 1000).Select(i => (double)i), 0.06);
        Assert.That(() => new PropertyCertifier("P", sketch, new LabelPolicy(), Calibration.Conformal), Throws.ArgumentException.With.Message.Contains("rank error 0.06").And.Message.Contains("at most 0.01"));
        Assert.That(() => new QuantileSketch(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new QuantileSketch(0.1).Add(double.NaN), Throws.ArgumentException);
        Assert.That(() => new QuantileSketch(0.1).ToDistribution(), Throws.InvalidOperationException);
    }
}
