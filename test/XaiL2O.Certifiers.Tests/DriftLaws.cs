using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>The martingale, the online p-values and the monitor.</summary>
internal sealed class DriftLaws
{
    private static Certifier Calibrated(IEnumerable<double> values, double tolerance = 0, Sides sides = Sides.Upper) =>
        new([new PropertyCertifier("P", new EmpiricalDistribution(values), new LabelPolicy(), Calibration.Conformal, tolerance, sides)]);

    private static IEnumerable<double> Draw(Random random, int count, double shift = 0, bool ties = false) =>
        Enumerable.Range(0, count).Select(_ => random.NextDouble() + shift).Select(v => ties ? Math.Floor(v * 4) : v).ToArray();

    [Test]
    public void The_plain_mixture_is_the_product_of_bets_averaged() => Gen.Double[0.01, 1].Array[1, 30].Sample(p =>
    {
        var martingale = new PowerMartingale(share: 0);
        foreach (var value in p)
            martingale.Observe(value);
        var expected = Enumerable.Range(1, 20).Average(k => p.Aggregate(1.0, (m, v) => m * (k / 20.0) * Math.Pow(v, (k / 20.0) - 1)));
        Assert.That(martingale.LogValue, Is.EqualTo(Math.Log(expected)).Within(1e-9));
    });

    [Test]
    public void Every_step_has_mean_one([Values(0, 0.01, 1)] double share)
    {
        // E over uniform p of the gain, by the midpoint rule after p = u^20, which tames the pole at 0.
        var martingale = new PowerMartingale(share);
        foreach (var p in new[] { 0.01, 0.3, 0.001, 0.9 })
        {
            var (sum, steps) = (0.0, 20_000);
            for (var i = 0; i < steps; i++)
            {
                var u = (i + 0.5) / steps;
                var draw = Math.Pow(u, 20);
                var gain = Enumerable.Range(0, 20).Sum(k => martingale.Weights[k] * ((k + 1) / 20.0) * Math.Pow(draw, ((k + 1) / 20.0) - 1));
                sum += gain * 20 * Math.Pow(u, 19) / steps;
            }

            Assert.That(sum, Is.EqualTo(1).Within(1e-3));
            martingale.Observe(p);
        }
    }

    [Test]
    public void Online_p_values_are_uniform_and_do_not_remember([Values] bool ties, [Values] Sides sides)
    {
        var random = new Random(4);
        var (p, next) = (new List<double>(), new List<double>());
        for (var r = 0; r < 4000; r++)
        {
            var ranks = new OnlineRanks(Calibrated(Draw(random, sides == Sides.Upper ? 20 : 40, ties: ties), sides: sides).Properties[0]);
            double[] stream = [.. Draw(random, 10, ties: ties).Select(v => ranks.Observe(v, random.NextDouble()))];
            p.Add(stream[8]);
            next.Add(stream[9]);
        }

        foreach (var level in new[] { 0.02, 0.1, 0.5, 0.9 })
            Assert.That(p.Count(v => v <= level) / 4000.0, Is.EqualTo(level).Within(4 * Math.Sqrt(level * (1 - level) / 4000)));
        var (meanA, meanB) = (p.Average(), next.Average());
        Assert.That(p.Zip(next, (a, b) => (a - meanA) * (b - meanB)).Average() * 12, Is.EqualTo(0).Within(0.065));
    }

    [Test]
    public void Alarms_are_no_more_frequent_than_the_bound_even_on_streams_much_longer_than_the_calibration()
    {
        var (alarms, streams) = (0, 300);
        for (var s = 0; s < streams; s++)
        {
            var random = new Random(100 + s);
            var monitor = new DriftMonitor(Calibrated(Draw(random, 50)), new DriftOptions { FalseAlarmBound = 0.1, Seed = (ulong)s });
            foreach (var value in Draw(random, 1000))
                monitor.Observe([value]);
            alarms += monitor.AlarmRow is null ? 0 : 1;
        }

        TestContext.Out.WriteLine($"{alarms} false alarms of {streams} streams");
        Assert.That(alarms / (double)streams, Is.LessThanOrEqualTo(0.1 + (3 * Math.Sqrt(0.09 / streams))));
    }

    [Test]
    public void A_change_is_found_soon_also_after_a_quiet_time()
    {
        var random = new Random(5);
        var monitor = new DriftMonitor(Calibrated(Draw(random, 500)));
        foreach (var value in Draw(random, 2000))
            monitor.Observe([value]);
        Assert.That(monitor.AlarmRow, Is.Null);
        foreach (var value in Draw(random, 60, shift: 0.9))
            monitor.Observe([value]);
        Assert.That(monitor.AlarmRow, Is.Not.Null.And.InRange(2001, 2030));
        Assert.That(monitor.Status.Part, Is.EqualTo("P"));
    }

    [Test]
    public void Values_that_become_small_are_found_where_small_ones_are_unusual()
    {
        DriftMonitor Monitor(Sides sides)
        {
            var random = new Random(5);
            var monitor = new DriftMonitor(Calibrated(Draw(random, 500, shift: 1), sides: sides));
            foreach (var value in Draw(random, 500, shift: 1).Concat(Draw(random, 60)))
                monitor.Observe([value]);
            return monitor;
        }

        Assert.That(Monitor(Sides.TwoSided).AlarmRow, Is.Not.Null.And.InRange(501, 540));
        Assert.That(Monitor(Sides.Upper).AlarmRow, Is.Null);
    }

    [Test]
    public void Drift_is_a_change_from_the_inferences_whatever_labels_compare_with([Values] CalibrationSource source)
    {
        var random = new Random(5);
        EmpiricalDistribution inferences = new(Draw(random, 300)), truths = new(Draw(random, 300, shift: -0.9));
        var certifier = new Certifier([new PropertyCertifier("P", inferences, new LabelPolicy(), Calibration.Conformal, 0, Sides.Upper, source, source == CalibrationSource.Inferences ? null : truths)]);
        var monitor = new DriftMonitor(certifier);
        foreach (var value in Draw(random, 500))
            monitor.Observe([value]);
        Assert.That(monitor.AlarmRow, Is.Null);
    }

    [Test]
    public void A_saved_monitor_goes_on_as_if_nothing_had_happened()
    {
        var random = new Random(6);
        var certifier = Calibrated(Draw(random, 100, ties: true));
        var monitor = new DriftMonitor(certifier, new DriftOptions { Seed = 9 });
        foreach (var value in Draw(random, 200, ties: true))
            monitor.Observe([value]);
        using var stream = new MemoryStream();
        monitor.Save(stream);
        stream.Position = 0;
        var resumed = DriftMonitor.Load(stream, certifier);
        foreach (var value in Draw(random, 200, shift: 0.3, ties: true).Append(double.NaN))
            Assert.That(resumed.Observe([value]), Is.EqualTo(monitor.Observe([value])));
        stream.Position = 0;
        Assert.That(() => DriftMonitor.Load(stream, Calibrated(certifier.Properties[0].Distribution.Values.ToArray(), sides: Sides.TwoSided)), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("or sides"));
        stream.Position = 0;
        Assert.That(() => DriftMonitor.Load(stream, Calibrated(Draw(random, 100))), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("other calibration values"));
        Assert.That(() => DriftMonitor.Load(new MemoryStream("{"u8.ToArray()), certifier), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("damaged"));
    }

    [Test]
    public void Arguments_are_checked()
    {
        Assert.That(() => new PowerMartingale().Observe(double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DriftOptions { FalseAlarmBound = 1 }.Validate(), Throws.ArgumentException.With.Message.Contains("FalseAlarmBound = 1"));
        var sketch = new QuantileSketch(0.01);
        for (var i = 0; i < 100; i++)
            sketch.Add(i);
        var sketched = new Certifier([new PropertyCertifier("P", sketch.ToDistribution(), new LabelPolicy(), Calibration.Conformal)]);
        Assert.That(() => new DriftMonitor(sketched), Throws.ArgumentException.With.Message.Contains("sketch"));
        Assert.That(() => new DriftMonitor(new Certifier([new PropertyCertifier("L", new ValueLimits { FailAbove = 1 }, null, 0)])), Throws.ArgumentException.With.Message.Contains("nothing to compare"));
    }
}
