using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Reads judged rows for a drift monitor.</summary>
internal static class DriftReader
{
    public static IReadOnlyList<DriftStatus> Observe(DriftMonitor monitor, IDataView judged)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        ArgumentNullException.ThrowIfNull(judged);
        string[] names = [.. monitor.PropertyNames.Select(n => n + ".Value")];
        foreach (var name in names)
            ColumnCheck.Property(judged.Schema, name);
        using var cursor = judged.GetRowCursor(names.Select(name => judged.Schema[name]));
        var getters = names.Select(name => PropertyGetter.Scalar(cursor, judged.Schema[name])).ToArray();
        var values = new double[names.Length];
        var states = new List<DriftStatus>();
        while (cursor.MoveNext())
        {
            Interruption.Check();
            for (var i = 0; i < values.Length; i++)
                values[i] = getters[i]();
            states.Add(monitor.Observe(values));
        }

        return states;
    }
}
