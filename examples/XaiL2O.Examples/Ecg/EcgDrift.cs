using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>
/// Watches the stream of test windows without their signals. The patients are new, and a new patient is a change of its own, so the monitor
/// takes half of their clean windows as the usual; the order is drawn at random, as it was when the windows were cut.
/// </summary>
internal static class EcgDrift
{
    public static IReadOnlyDictionary<string, object> Watch(Certifier certifier, EcgInference[] clean, EcgInference[] corrupted, int seed)
    {
        var random = new Random(seed);
        EcgInference[] shuffled = [.. clean.OrderBy(_ => random.Next())];
        var (usual, stream) = (shuffled[..(shuffled.Length / 2)], shuffled[(shuffled.Length / 2)..]);
        EcgInference[] damaged = [.. corrupted.OrderBy(_ => random.Next())];
        var watched = new Certifier(certifier.Properties.Select((p, i) =>
            new PropertyCertifier(p.Name, new EmpiricalDistribution(usual.Select(r => Values(r)[i])), p.Policy, p.Calibration, p.Tolerance)));

        // All windows damaged from some point on, and a tenth of them.
        var (all, tenth) = (new DriftMonitor(watched), new DriftMonitor(watched));
        foreach (var row in stream)
            all.Observe(Values(row));
        var falseAlarm = all.AlarmRow is not null;
        foreach (var row in damaged)
            all.Observe(Values(row));
        foreach (var row in stream.Concat(damaged.Take(stream.Length / 9)).OrderBy(_ => random.Next()))
            tenth.Observe(Values(row));
        return new Dictionary<string, object>
        {
            ["drift_rows_clean"] = stream.Length,
            ["drift_alarm_clean"] = falseAlarm ? 1 : 0,
            ["drift_rows_to_alarm_corrupted"] = all.AlarmRow is { } at ? at - stream.Length : double.NaN,
            ["drift_rows_to_alarm_tenth_corrupted"] = tenth.AlarmRow is { } row10 ? row10 : double.NaN,
            ["drift_part"] = all.Status.Part,
        };
    }

    /// <summary>Property values in the certifier's order.</summary>
    public static double[] Values(EcgInference row) => [row.Sparsity, row.Fidelity, row.Residual];
}
