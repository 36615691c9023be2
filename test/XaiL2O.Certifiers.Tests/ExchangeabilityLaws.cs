namespace XaiL2O.Certifiers.Tests;

/// <summary>The test of exchangeability: its statistic by definition, differences that it sees, refusals. Its level is simulated in <see cref="GuaranteeLaws"/>.</summary>
internal sealed class ExchangeabilityLaws
{
    private static double[][] Draw(int seed, int count, double shift = 0)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (double[])[random.NextDouble(), random.Next(5) + shift, random.NextDouble()])];
    }

    [Test]
    public void The_statistic_is_the_largest_difference_of_distribution_functions()
    {
        var (rows, reference) = (Draw(1, 40, 0.5), Draw(2, 70));
        rows[3][0] = double.NaN;
        var distances = Enumerable.Range(0, 3).Select(j =>
        {
            static double Value(double v) => double.IsNaN(v) ? double.PositiveInfinity : v;
            double Share(double[][] of, double at) => of.Average(r => Value(r[j]) <= at ? 1.0 : 0);
            return rows.Concat(reference).Max(r => Math.Abs(Share(rows, Value(r[j])) - Share(reference, Value(r[j]))));
        }).ToArray();
        var test = ExchangeabilityTest.Compare(rows, reference);
        Assert.That(test.Statistic, Is.EqualTo(distances.Max()).Within(1e-12));
        Assert.That(test.Column, Is.EqualTo(Array.IndexOf(distances, distances.Max())));
        Assert.That((test.Rows, test.ReferenceRows), Is.EqualTo((40, 70)));
    }

    [Test]
    public void A_shift_of_one_column_is_seen_and_named_and_equal_rows_are_not_told_apart()
    {
        var shifted = ExchangeabilityTest.Compare(Draw(1, 300, 1), Draw(2, 5000));
        Assert.That((shifted.Column, shifted.PValue, shifted.Rows, shifted.ReferenceRows), Is.EqualTo((1, 0.001, 300, 2000)));
        Assert.That(ExchangeabilityTest.Compare(Draw(1, 50), Draw(1, 50)).PValue, Is.EqualTo(1));
        var again = ExchangeabilityTest.Compare(Draw(1, 300, 1), Draw(2, 5000));
        Assert.That(again, Is.EqualTo(shifted), "the seed decides");
    }

    [Test]
    public void Rows_and_options_out_of_range_are_refused()
    {
        Assert.That(() => ExchangeabilityTest.Compare(Draw(1, 1), Draw(2, 9)), Throws.ArgumentException.With.Message.Contains("there are 1 and 9"));
        Assert.That(() => ExchangeabilityTest.Compare([[1], [1, 2]], [[1], [2]]), Throws.ArgumentException.With.Message.Contains("one length"));
        Assert.That(() => new ExchangeabilityOptions { Permutations = 50 }.Validate(), Throws.ArgumentException.With.Message.Contains("Permutations = 50"));
        Assert.That(() => new ExchangeabilityOptions { Significance = 0 }.Validate(), Throws.ArgumentException.With.Message.Contains("Significance = 0"));
    }
}
