namespace XaiL2O.Examples;

/// <summary>Rows at which the drift monitor alarmed, one entry per order of the stream; NaN where it did not.</summary>
/// <param name="CleanCount">Clean windows in a stream.</param>
/// <param name="Clean">Alarms among clean windows of the patients that the monitor knows.</param>
/// <param name="Corrupted">Damaged windows until the alarm, where all windows are damaged from some point on.</param>
/// <param name="TenthCorrupted">Windows until the alarm, where a tenth is damaged.</param>
/// <param name="NewPatients">Clean windows of a patient until the alarm of a monitor that knows the calibration patients only.</param>
internal sealed record EcgAlarms(int CleanCount, List<double> Clean, List<double> Corrupted, List<double> TenthCorrupted, Dictionary<int, List<double>> NewPatients)
{
    /// <summary>In words.</summary>
    public static string Text(IReadOnlyCollection<double> rows)
    {
        double[] alarms = [.. rows.Where(r => !double.IsNaN(r))];
        var after = alarms.Length == 0 ? "" : alarms.Min() == alarms.Max() ? $" after {alarms.Min()}" : $" after {alarms.Min()} to {alarms.Max()}";
        return $"alarm in {alarms.Length} of {rows.Count} orders{after}";
    }

    /// <summary>For <c>summary.json</c>: of the orders the latest alarm, NaN if one had none.</summary>
    public IEnumerable<KeyValuePair<string, object>> Summary()
    {
        yield return new("drift_rows_clean", CleanCount);
        yield return new("drift_alarm_clean", Clean.Count(r => !double.IsNaN(r)));
        yield return new("drift_rows_to_alarm_corrupted", Corrupted.Max(Latest));
        yield return new("drift_rows_to_alarm_tenth_corrupted", TenthCorrupted.Max(Latest));
        foreach (var (patient, rows) in NewPatients)
            yield return new($"drift_rows_to_alarm_new_patient_{patient}", rows.Max(Latest));

        static double Latest(double row) => double.IsNaN(row) ? double.PositiveInfinity : row;
    }
}
