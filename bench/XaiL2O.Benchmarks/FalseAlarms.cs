using XaiL2O.Certifiers;

namespace XaiL2O.Benchmarks;

/// <summary>
/// How often the drift monitor alarms on 1 000 streams of 1 000 rows in which nothing changes, with 200 calibration rows and three properties;
/// the same martingale on p-values of the calibration rows alone, to show why the stream joins the calibration; and how soon a change shows.
/// </summary>
internal static class FalseAlarms
{
    private const int Streams = 1000;
    private const int Length = 1000;
    private const int Calibrating = 200;

    public static void Run()
    {
        Console.WriteLine($"\nDrift monitor: {Streams} streams of {Length} unchanged rows, {Calibrating} calibration rows, three properties");
        foreach (var correlation in new[] { 0.0, 0.95 })
        {
            foreach (var bound in new[] { 0.01, 0.05 })
            {
                var (alarms, naive) = (0, 0);
                Parallel.For(0, Streams, s =>
                {
                    var random = new Random(1000 + s);
                    var certifier = Calibrate(random, correlation);
                    var monitor = new DriftMonitor(certifier, new DriftOptions { FalseAlarmBound = bound, Seed = (ulong)s });
                    PowerMartingale[] fixedCalibration = [.. certifier.Properties.Select(_ => new PowerMartingale())];
                    for (var t = 0; t < Length; t++)
                    {
                        var row = CertificateStudy.Row(random, correlation);
                        monitor.Observe(row);
                        for (var i = 0; i < row.Length; i++)
                            fixedCalibration[i].Observe(certifier.Properties[i].Certify(row[i]).PValue);
                    }

                    Interlocked.Add(ref alarms, monitor.AlarmRow is null ? 0 : 1);
                    Interlocked.Add(ref naive, fixedCalibration.Any(m => m.LogMaximum >= Math.Log(3 / bound)) ? 1 : 0);
                });
                Console.WriteLine($"correlation {correlation:0.00}, bound {100 * bound:0} %: false alarms {100.0 * alarms / Streams:0.0} %; with p-values of the calibration rows alone {100.0 * naive / Streams:0.0} %");
            }
        }

        Delays();
        QuietTimes();
        SmallShifts();
    }

    /// <summary>
    /// Rows until a shift by half a standard deviation is found after quiet times of several lengths, by what is promised: 21 streams of one two-sided property. Shifted
    /// rows join the calibration, and after few quiet rows they soon are most of what a row is compared with.
    /// </summary>
    private static void SmallShifts()
    {
        const int longest = 100_000;
        foreach (var (name, options) in new[] { ("bound 1 %", new DriftOptions()), ("mean run length 10⁶ rows", new DriftOptions { MeanRunLength = 1e6 }) })
        {
            foreach (var quiet in new[] { 500, 5_000, 50_000, 200_000 })
            {
                var delays = new long[21];
                Parallel.For(0, delays.Length, s =>
                {
                    var random = new Random(7000 + s);
                    double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                    var calibration = new EmpiricalDistribution(Enumerable.Range(0, 500).Select(_ => 10 + Normal()));
                    var monitor = new DriftMonitor(new Certifier([new PropertyCertifier("p", calibration, new LabelPolicy(), Calibration.Conformal, sides: Sides.TwoSided)]), options with { Seed = (ulong)s });
                    for (var t = 0; t < quiet + longest && monitor.AlarmRow is null; t++)
                        monitor.Observe([(t < quiet ? 10 : 10.5) + Normal()]);
                    delays[s] = monitor.AlarmRow is { } at ? at - quiet : long.MaxValue;
                });
                Array.Sort(delays);
                Console.WriteLine($"shift by half a standard deviation, {name}, {quiet} quiet rows: found in {delays.Count(d => d is > 0 and < long.MaxValue)} of {delays.Length} streams within {longest} rows, median delay {(delays[10] < long.MaxValue ? $"{delays[10]} rows" : $"over {longest} rows")}; {delays.Count(d => d <= 0)} alarms before it");
            }
        }
    }

    /// <summary>Rows until a change to the larger of two draws is found after quiet times of several lengths, by what is promised: the median of 21 streams of one property.</summary>
    private static void QuietTimes()
    {
        foreach (var (name, options) in new[] { ("bound 1 %", new DriftOptions()), ("mean run length 10⁶ rows", new DriftOptions { MeanRunLength = 1e6 }) })
        {
            foreach (var quiet in new[] { 500, 5_000, 50_000, 200_000 })
            {
                var delays = new long[21];
                Parallel.For(0, delays.Length, s =>
                {
                    var random = new Random(9000 + s);
                    var certifier = new Certifier([new PropertyCertifier("p", new EmpiricalDistribution(Enumerable.Range(0, 500).Select(_ => random.NextDouble())), new LabelPolicy(), Calibration.Conformal)]);
                    var monitor = new DriftMonitor(certifier, options with { Seed = (ulong)s });
                    for (var t = 0; monitor.AlarmRow is null; t++)
                        monitor.Observe([t < quiet ? random.NextDouble() : Math.Max(random.NextDouble(), random.NextDouble())]);
                    delays[s] = monitor.AlarmRow!.Value - quiet;
                });
                Array.Sort(delays);
                Console.WriteLine($"{name}, {quiet} quiet rows: found after {delays[10]} rows (median; {delays.Count(d => d <= 0)} of {delays.Length} alarms before the change)");
            }
        }
    }

    private static void Delays()
    {
        foreach (var factor in new[] { 1.5, 2.0, 4.0 })
        {
            var delays = new List<long>();
            for (var s = 0; s < 100; s++)
            {
                var random = new Random(5000 + s);
                var monitor = new DriftMonitor(Calibrate(random, 0), new DriftOptions { Seed = (ulong)s });
                for (var t = 0; t < 1000 && monitor.AlarmRow is null; t++)
                    monitor.Observe([.. CertificateStudy.Row(random, 0).Select(v => t < 500 ? v : v * factor)]);
                delays.Add(monitor.AlarmRow is { } at && at > 500 ? at - 500 : long.MaxValue);
            }

            delays.Sort();
            Console.WriteLine($"values × {factor:0.0} after 500 rows, bound 1 %: found in {delays.Count(d => d < long.MaxValue)} of 100 streams, median delay {(delays[50] < long.MaxValue ? $"{delays[50]} rows" : "over 500 rows")}");
        }
    }

    private static Certifier Calibrate(Random random, double correlation)
    {
        var rows = Enumerable.Range(0, Calibrating).Select(_ => CertificateStudy.Row(random, correlation)).ToArray();
        return new Certifier(Enumerable.Range(0, 3).Select(i => new PropertyCertifier($"{i}", new EmpiricalDistribution(rows.Select(r => r[i])), new LabelPolicy(), Calibration.Conformal)));
    }
}
