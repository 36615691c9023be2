using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>
/// Watches the stream of test windows without their signals, in several random orders; the windows were drawn in random order too, when they were cut.
/// </summary>
internal static class EcgDrift
{
    private const int Orders = 5;

    /// <summary>
    /// Two monitors. One compares with the calibration patients, so a new patient is a change, and an alarm on clean windows is right. The other
    /// takes half of the new patients' clean windows as the usual, so only damage is a change.
    /// </summary>
    /// <returns>For each part of the experiment the row of the alarm in each order, NaN where there was none.</returns>
    public static EcgAlarms Watch(Certifier certifier, EcgInference[] calibration, EcgInference[] clean, EcgInference[] corrupted, int seed)
    {
        var known = Certifier(certifier, calibration);
        var patients = clean.Select(r => r.Record).Distinct().Order().ToArray();
        var alarms = new EcgAlarms(clean.Length - (clean.Length / 2), [], [], [], patients.ToDictionary(p => p, _ => new List<double>()));
        for (var order = 0; order < Orders; order++)
        {
            var random = new Random(seed + order);
            EcgInference[] shuffled = [.. clean.OrderBy(_ => random.Next())];
            var (usual, stream) = (shuffled[..(shuffled.Length / 2)], shuffled[(shuffled.Length / 2)..]);
            EcgInference[] damaged = [.. corrupted.OrderBy(_ => random.Next())];
            var watched = Certifier(certifier, usual);

            // All windows damaged from some point on, and a tenth of them.
            alarms.Clean.Add(AlarmRow(watched, stream));
            alarms.Corrupted.Add(AlarmRow(watched, stream.Concat(damaged)) - stream.Length);
            alarms.TenthCorrupted.Add(AlarmRow(watched, stream.Concat(damaged.Take(stream.Length / 9)).OrderBy(_ => random.Next())));
            foreach (var patient in patients)
                alarms.NewPatients[patient].Add(AlarmRow(known, shuffled.Where(r => r.Record == patient)));
        }

        return alarms;
    }

    private static double AlarmRow(Certifier certifier, IEnumerable<EcgInference> rows)
    {
        var monitor = new DriftMonitor(certifier);
        foreach (var row in rows)
            monitor.Observe(row.Values.AsSpan(0, certifier.Properties.Count));
        return monitor.AlarmRow ?? double.NaN;
    }

    /// <summary>The tested properties, which come first, compared with rows that stand for the usual.</summary>
    private static Certifier Certifier(Certifier certifier, EcgInference[] usual) => new(certifier.Properties.TakeWhile(p => p.Limits is null).Select((p, i) =>
        new PropertyCertifier(p.Name, new EmpiricalDistribution(usual.Select(r => r.Values[i])), p.Policy, p.Calibration, p.Tolerance, sides: p.Sides)));
}
