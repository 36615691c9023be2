using CsCheck;

namespace XaiL2O.Certifiers.Tests;

/// <summary>The martingale, the online p-values and the monitor.</summary>
internal sealed class DriftLaws
{
    private static Certifier Calibrated(IEnumerable<double> values, double tolerance = 0, Sides sides = Sides.Upper) =>
        new([new PropertyCertifier("P", new EmpiricalDistribution(values), new LabelPolicy(), Calibration.Conformal, tolerance, sides)]);

    private static IEnumerable<double> Draw(Random random, int count, double shift = 0, bool ties = false) =>
        Enumerable.Range(0, count).Select(_ => random.NextDouble() + shift).Select(v => ties ? Math.Floor(v * 4) : v).ToArray();

    private static double Bet(double p, int k) => k / 20.0 * Math.Pow(p, (k / 20.0) - 1);

    /// <summary>What row n, from 1, places.</summary>
    private static double Placed(DriftPromise promise, int n)
    {
        static double Waiting(double n) => n == 0 ? 1 : 0.5 / (1 + Math.Log(1 + (n / 1000)));
        return promise == DriftPromise.RunLength ? 1 : Waiting(n - 1) - Waiting(n);
    }

    [Test]
    public void Evidence_is_the_sum_of_bets_from_every_row_on([Values] DriftPromise promise) => Gen.Double[0.01, 1].Array[1, 30].Sample(p =>
    {
        var martingale = new PowerMartingale(promise);
        foreach (var value in p)
            martingale.Observe(value);
        var starts = Enumerable.Range(1, p.Length).Select(j => Placed(promise, j) * Enumerable.Range(1, 19).Average(k => p.Skip(j - 1).Aggregate(1.0, (m, v) => m * Bet(v, k)))).ToArray();
        var waiting = promise == DriftPromise.RunLength ? 0 : 1 - Enumerable.Range(1, p.Length).Sum(j => Placed(promise, j));
        Assert.That(martingale.LogValue, Is.EqualTo(Math.Log(starts.Sum() + waiting)).Within(1e-9));
    });

    /// <summary>A martingale in one case; in the other what a row adds on average is 1, so that the mean after n rows is n.</summary>
    [Test]
    public void A_row_adds_on_average_what_the_promise_needs([Values] DriftPromise promise)
    {
        // E over uniform p of the evidence, by the midpoint rule after p = u^20, which tames the pole at 0.
        var martingale = new PowerMartingale(promise);
        foreach (var p in new[] { 0.01, 0.3, 0.001, 0.9 })
        {
            var (sum, steps) = (0.0, 20_000);
            for (var i = 0; i < steps; i++)
            {
                var u = (i + 0.5) / steps;
                var next = PowerMartingale.Restore(promise, martingale.LogValue, martingale.LogMaximum, martingale.Count, martingale.Weights);
                sum += Math.Exp(next.Observe(Math.Pow(u, 20))) * 20 * Math.Pow(u, 19) / steps;
            }

            var before = martingale.Count == 0 ? (promise == DriftPromise.RunLength ? 0 : 1) : Math.Exp(martingale.LogValue);
            var expected = before + (promise == DriftPromise.RunLength ? 1 : 0);
            // A p-value below 1e-12 counts as 1e-12, which costs the boldest bets some of their mean; more than the mean would break the promise.
            Assert.That(sum, Is.InRange(expected * 0.98, expected * 1.001));
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
    public void The_mean_run_length_without_change_is_at_least_what_was_asked_for()
    {
        const double asked = 100;
        double[] lengths =
        [
            .. Enumerable.Range(0, 300).Select(s =>
            {
                var random = new Random(700 + s);
                var monitor = new DriftMonitor(Calibrated(Draw(random, 50)), new DriftOptions { MeanRunLength = asked, Seed = (ulong)s });
                // Cutting streams off makes the mean smaller, not larger.
                for (var t = 0; t < 2000 && monitor.AlarmRow is null; t++)
                    monitor.Observe([random.NextDouble()]);
                return (double)(monitor.AlarmRow ?? 2000);
            }),
        ];
        var (mean, deviation) = (lengths.Average(), Math.Sqrt(lengths.Average(l => l * l) - Math.Pow(lengths.Average(), 2)));
        TestContext.Out.WriteLine($"mean run length {mean:0} rows, asked for {asked}");
        Assert.That(mean, Is.GreaterThan(asked + (3 * deviation / Math.Sqrt(lengths.Length))), "the promise is kept with room to spare: it holds for the worst case");
    }

    /// <summary>Rows until a change is found, the median of 5 streams.</summary>
    private static long Delay(DriftOptions options, int quiet)
    {
        long[] delays =
        [
            .. Enumerable.Range(0, 5).Select(s =>
            {
                var random = new Random(900 + s);
                var monitor = new DriftMonitor(Calibrated(Draw(random, 500)), options with { Seed = (ulong)s });
                foreach (var value in Draw(random, quiet))
                    monitor.Observe([value]);
                Assert.That(monitor.AlarmRow, Is.Null);
                for (var t = 0; t < 2000 && monitor.AlarmRow is null; t++)
                    monitor.Observe([Math.Max(random.NextDouble(), random.NextDouble())]);
                return (monitor.AlarmRow ?? long.MaxValue) - quiet;
            }).Order(),
        ];
        return delays[2];
    }

    [Test]
    public void The_delay_does_not_grow_with_the_quiet_time_or_hardly()
    {
        int[] quiet = [500, 5000, 50_000, 200_000];
        long[] lifetime = [.. quiet.Select(n => Delay(new DriftOptions(), n))], runLength = [.. quiet.Select(n => Delay(new DriftOptions { MeanRunLength = 1e7 }, n))];
        TestContext.Out.WriteLine($"after {string.Join(", ", quiet)} quiet rows: {string.Join(", ", lifetime)} rows for all time, {string.Join(", ", runLength)} with a run length");
        Assert.That(lifetime, Is.All.LessThan(4 * lifetime[0]));
        Assert.That(runLength, Is.All.LessThan(2 * runLength[0]));
        Assert.That((double)lifetime[3] / lifetime[1], Is.LessThanOrEqualTo(1.5));
        Assert.That((double)runLength[3] / runLength[1], Is.LessThanOrEqualTo(1.5));
    }

    [Test]
    public void A_status_says_which_promise_is_on()
    {
        var certifier = Calibrated(Draw(new Random(1), 50));
        var (lifetime, runLength) = (new DriftMonitor(certifier).Observe([0.5]), new DriftMonitor(certifier, new DriftOptions { MeanRunLength = 1000 }).Observe([0.5]));
        Assert.That((lifetime.Promise, lifetime.LogThreshold), Is.EqualTo((DriftPromise.Lifetime, Math.Log(1 / 0.01))));
        Assert.That((runLength.Promise, runLength.LogThreshold), Is.EqualTo((DriftPromise.RunLength, Math.Log(1000))));
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
        EmpiricalDistribution inferences = new(Draw(random, 300, shift: 1)), truths = new(Draw(random, 300, shift: 0.1));
        var certifier = new Certifier([new PropertyCertifier("P", inferences, new LabelPolicy(), Calibration.Conformal, 0, Sides.Upper, source, source == CalibrationSource.Inferences ? null : truths)]);
        var monitor = new DriftMonitor(certifier);
        foreach (var value in Draw(random, 500, shift: 1))
            monitor.Observe([value]);
        Assert.That(monitor.AlarmRow, Is.Null);
    }

    [Test]
    public void A_saved_monitor_goes_on_as_if_nothing_had_happened([Values(null, 1e6)] double? meanRunLength)
    {
        var random = new Random(6);
        var certifier = Calibrated(Draw(random, 100, ties: true));
        var monitor = new DriftMonitor(certifier, new DriftOptions { Seed = 9, MeanRunLength = meanRunLength });
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
    public void A_state_that_no_stream_leaves_is_refused([Values] DriftPromise promise)
    {
        var martingale = new PowerMartingale(promise);
        foreach (var p in new[] { 0.2, 0.01, 0.9 })
            martingale.Observe(p);
        double[] weights = martingale.Weights.ToArray();
        PowerMartingale Restore(double logValue, double logMaximum, long count, double[] w) => PowerMartingale.Restore(promise, logValue, logMaximum, count, w);
        Assert.That(Restore(martingale.LogValue, martingale.LogMaximum, 3, weights).Observe(0.5), Is.EqualTo(martingale.Observe(0.5)));
        Assert.That(() => PowerMartingale.Restore(promise, 0, 0, 0, new double[19]), Throws.Nothing, "before the first row");
        (double LogValue, double LogMaximum, long Count, double[] Weights)[] damaged =
        [
            (double.NaN, 1, 3, weights), (1, 0.5, 3, weights), (1, 2, -3, weights), (1, 2, 3, [.. weights.Select(w => 2 * w)]), (1, 2, 3, [-0.1, .. weights[1..]]), (1, 2, 3, [.. weights, 0]),
        ];
        foreach (var state in damaged)
            Assert.That(() => Restore(state.LogValue, state.LogMaximum, state.Count, state.Weights), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Arguments_are_checked()
    {
        Assert.That(() => new PowerMartingale().Observe(double.NaN), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new DriftOptions { MeanRunLength = 0.5 }.Validate(), Throws.ArgumentException.With.Message.Contains("MeanRunLength = 0.5"));
        Assert.That(() => new DriftOptions { FalseAlarmBound = 1 }.Validate(), Throws.ArgumentException.With.Message.Contains("FalseAlarmBound = 1"));
        var sketch = new QuantileSketch(0.01);
        for (var i = 0; i < 100; i++)
            sketch.Add(i);
        var sketched = new Certifier([new PropertyCertifier("P", sketch.ToDistribution(), new LabelPolicy(), Calibration.Conformal)]);
        Assert.That(() => new DriftMonitor(sketched), Throws.ArgumentException.With.Message.Contains("sketch"));
        Assert.That(() => new DriftMonitor(new Certifier([new PropertyCertifier("L", new ValueLimits { FailAbove = 1 }, null, 0)])), Throws.ArgumentException.With.Message.Contains("nothing to compare"));
    }
}
