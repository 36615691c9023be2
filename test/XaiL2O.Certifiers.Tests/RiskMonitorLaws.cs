namespace XaiL2O.Certifiers.Tests;

/// <summary>Bounds of means against their definition, alarms, states that go on. That alarms are rare where nothing changes is simulated in <see cref="GuaranteeLaws"/>.</summary>
internal sealed class RiskMonitorLaws
{
    private static double[] Losses(int seed, int count, double risk)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < risk ? 1.0 : 0)];
    }

    [Test]
    public void The_bound_is_that_of_the_source()
    {
        double[] x = [.. Losses(1, 300, 0.3).Zip(Losses(2, 300, 0.5), (a, b) => (a + b) / 2)];
        var monitor = new RiskMonitor(Losses(3, 100, 0.1), new RiskMonitorOptions { Confidence = 0.9 });
        var (sum, squares, bets, weighted, variation) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var i = 1; i <= x.Length; i++)
        {
            var (mean, variance) = ((0.5 + sum) / i, (0.25 + squares) / i);
            var bet = Math.Min(0.5, Math.Sqrt(2 * Math.Log(20) / (variance * i * Math.Log(1 + i))));
            (bets, weighted) = (bets + bet, weighted + (bet * x[i - 1]));
            variation += 4 * Math.Pow(x[i - 1] - mean, 2) * (-Math.Log(1 - bet) - bet) / 4;
            sum += x[i - 1];
            squares += Math.Pow(x[i - 1] - ((0.5 + sum) / (i + 1)), 2);
            monitor.Observe(x[i - 1]);
            Assert.That(monitor.LowerBound, Is.EqualTo(Math.Max(0, (weighted - Math.Log(20) - variation) / bets)).Within(1e-9));
        }

        Assert.That(monitor.LowerBound, Is.InRange(0.25, 0.4));
        Assert.That(monitor.MeanLoss, Is.EqualTo(x.Average()).Within(1e-12));
    }

    [Test]
    public void More_reference_rows_and_less_tolerance_lower_the_limit()
    {
        double Limit(int rows, double tolerance = 0) => new RiskMonitor(Losses(1, rows, 0.1), new RiskMonitorOptions { Tolerance = tolerance }).Limit;
        Assert.That(Limit(0), Is.EqualTo(1));
        Assert.That(Limit(200), Is.InRange(0.1, 0.25));
        Assert.That(Limit(20_000), Is.InRange(0.1, 0.115));
        Assert.That(Limit(200, 0.1), Is.EqualTo(Limit(200) + 0.1).Within(1e-12));
    }

    [Test]
    public void A_change_is_seen_and_the_state_goes_on_where_it_stood()
    {
        double[] losses = [.. Losses(1, 300, 0.1), .. Losses(2, 2000, 0.4)];
        var whole = new RiskMonitor(Losses(3, 1000, 0.1));
        var alarms = losses.Select(whole.Observe).ToArray();
        Assert.That(whole.AlarmAt, Is.InRange(301, 1000));
        Assert.That(Array.IndexOf(alarms, true) + 1, Is.EqualTo(whole.AlarmAt), "and stays");
        Assert.That(alarms[^1]);
        var first = new RiskMonitor(Losses(3, 1000, 0.1));
        foreach (var loss in losses[..250])
            first.Observe(loss);
        using var saved = new MemoryStream();
        first.Save(saved);
        saved.Position = 0;
        var second = RiskMonitor.Load(saved);
        foreach (var loss in losses[250..])
            second.Observe(loss);
        Assert.That((second.AlarmAt, second.LowerBound, second.Limit, second.Count, second.MeanLoss), Is.EqualTo((whole.AlarmAt, whole.LowerBound, whole.Limit, whole.Count, whole.MeanLoss)));
        var damaged = saved.ToArray();
        damaged[^4]++;
        Assert.That(() => RiskMonitor.Load(new MemoryStream(damaged)), Throws.InstanceOf<InvalidDataException>());
    }

    [Test]
    public void Losses_and_options_out_of_range_are_refused()
    {
        var monitor = new RiskMonitor([]);
        Assert.That(() => monitor.Observe(1.5), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1.5"));
        Assert.That(() => new RiskMonitor([-1]), Throws.InstanceOf<ArgumentOutOfRangeException>());
        monitor.Observe(double.NaN);
        Assert.That(monitor.MeanLoss, Is.EqualTo(1));
        Assert.That(() => new RiskMonitor([], new RiskMonitorOptions { Confidence = 1 }), Throws.ArgumentException.With.Message.Contains("Confidence = 1"));
        Assert.That(() => new RiskMonitor([], new RiskMonitorOptions { Tolerance = -0.1 }), Throws.ArgumentException.With.Message.Contains("Tolerance = -0.1"));
    }
}
