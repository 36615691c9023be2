using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>Watches the stream of test windows without their signals.</summary>
internal static class EcgDrift
{
    /// <summary>
    /// Two monitors. One compares with the calibration patients, so a new patient is a change, and an alarm on clean windows is right. The other
    /// takes half of the new patients' clean windows as the usual, so only damage is a change. The order is drawn at random, as it was when the
    /// windows were cut.
    /// </summary>
    public static IReadOnlyDictionary<string, object> Watch(Certifier certifier, EcgInference[] clean, EcgInference[] corrupted, int seed)
    {
        var random = new Random(seed);
        EcgInference[] shuffled = [.. clean.OrderBy(_ => random.Next())];
        var (usual, stream) = (shuffled[..(shuffled.Length / 2)], shuffled[(shuffled.Length / 2)..]);
        EcgInference[] damaged = [.. corrupted.OrderBy(_ => random.Next())];
        var known = Certifier(certifier, null);
        var watched = Certifier(certifier, usual);

        // All windows damaged from some point on, and a tenth of them.
        var (all, tenth) = (new DriftMonitor(watched), new DriftMonitor(watched));
        foreach (var row in stream)
            all.Observe(Values(row));
        var falseAlarm = all.AlarmRow is not null;
        foreach (var row in damaged)
            all.Observe(Values(row));
        foreach (var row in stream.Concat(damaged.Take(stream.Length / 9)).OrderBy(_ => random.Next()))
            tenth.Observe(Values(row));
        var result = new Dictionary<string, object>
        {
            ["drift_rows_clean"] = stream.Length,
            ["drift_alarm_clean"] = falseAlarm ? 1 : 0,
            ["drift_rows_to_alarm_corrupted"] = all.AlarmRow is { } last ? last - stream.Length : double.NaN,
            ["drift_rows_to_alarm_tenth_corrupted"] = tenth.AlarmRow is { } row10 ? row10 : double.NaN,
            ["drift_part"] = all.Status.Part,
        };
        foreach (var patient in shuffled.GroupBy(r => r.Record).OrderBy(g => g.Key))
        {
            var monitor = new DriftMonitor(known);
            foreach (var row in patient)
                monitor.Observe(Values(row));
            result[$"drift_rows_to_alarm_new_patient_{patient.Key}"] = monitor.AlarmRow is { } at ? at : double.NaN;
        }

        return result;
    }

    /// <summary>The tested properties, compared with the calibration windows, or with other ones.</summary>
    private static Certifier Certifier(Certifier certifier, EcgInference[]? usual) => new(certifier.Properties.Select((p, i) => (p, i)).Where(v => v.p.Limits is null).Select(v =>
        new PropertyCertifier(v.p.Name, usual is null ? v.p.Distribution : new EmpiricalDistribution(usual.Select(r => r.Values[v.i])), v.p.Policy, v.p.Calibration, v.p.Tolerance)));

    private static double[] Values(EcgInference row) => row.Values[..EcgCertificates.Properties.Count(p => p.Limits is null)];
}
