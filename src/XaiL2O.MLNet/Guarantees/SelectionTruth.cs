using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Which rows are bad, by the columns that say so.</summary>
internal static class SelectionTruth
{
    /// <summary>Checks the columns that say which rows are bad, of rows or of what is promised of them.</summary>
    public static void Check(SelectionOptions options, Action<string> boolean, Action<string> label, Action<string> numbers)
    {
        foreach (var name in options.Judged)
            (options.BadColumnName is not null ? boolean : options.ErrorLimit is null ? label : numbers)(name);
    }

    /// <summary>Whether the row is bad; null where its truth is missing.</summary>
    public static Func<bool?> Judge(SelectionOptions options, DataViewRow row)
    {
        if (options.BadColumnName is { } bad)
        {
            // As a property, false counts as a violation.
            var getter = PropertyGetter.Scalar(row, row.Schema[bad]);
            return () => getter() == 0;
        }

        var (output, truth) = (row.Schema[options.OutputColumnName], row.Schema[options.TruthColumnName]);
        if (options.ErrorLimit is not { } limit)
        {
            var (predicted, label) = (GroupReader.Create(row, output), GroupReader.Create(row, truth));
            if (GroupReader.IsByNumber(output) != GroupReader.IsByNumber(truth))
                throw new InvalidOperationException($"One of the columns '{output.Name}' and '{truth.Name}' is a key without values (KeyValues), so that its labels cannot be compared with those of the other. Map both to keys with values, or to values.");
            return () =>
            {
                var expected = label.Read();
                return expected.IsEmpty ? null : !predicted.Read().Span.SequenceEqual(expected.Span);
            };
        }

        var (inference, truths) = (VectorReader.Create(row, output), VectorReader.Create(row, truth));
        return () =>
        {
            var x = inference.Read();
            var y = truths.Read();
            if (!BoundRows.AreFinite(y))
                return null;
            try
            {
                var error = options.Measure.InUnit(options.Measure.Evaluate(x, y));
                return !BoundRows.AreFinite(x) || !(options.Measure.Kind == ErrorMeasureKind.PeakSignalToNoise ? error >= limit : error <= limit);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The error of '{output.Name}' against '{truth.Name}' cannot be measured. {e.Message}", e);
            }
        };
    }
}
