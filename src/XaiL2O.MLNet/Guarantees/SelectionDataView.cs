using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>A lazy view: the input's columns and the selection. A batch's threshold is found when the first cursor needs it, by one pass over the rank column, and kept.</summary>
internal sealed class SelectionDataView : ITransformedView
{
    private readonly SelectionTransformer transformer;
    private readonly Lazy<double> threshold;

    public SelectionDataView(SelectionTransformer transformer, IDataView source)
    {
        (this.transformer, Source, Schema) = (transformer, source, transformer.GetOutputSchema(source.Schema));
        // Where reading fails, for instance because it was interrupted, the next cursor tries again.
        threshold = new Lazy<double>(Threshold, LazyThreadSafetyMode.PublicationOnly);
    }

    public IDataView Source { get; }

    public bool CanShuffle => !transformer.Options.Stream && Source.CanShuffle;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => Source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = Active(columnsNeeded);
        return Cursor(Source.GetRowCursor(Needed(active), transformer.Options.Stream ? null : rand), active);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        // A stream is one.
        if (transformer.Options.Stream)
            return [GetRowCursor(columnsNeeded)];
        var active = Active(columnsNeeded);
        return [.. Source.GetRowCursorSet(Needed(active), n, rand).Select(cursor => Cursor(cursor, active))];
    }

    private SelectionCursor Cursor(DataViewRowCursor input, bool[] active)
    {
        if (!Computes(active))
            return new SelectionCursor(input, Schema, active, null);
        var (options, calibration) = (transformer.Options, transformer.Calibration);
        var goodness = Goodness(input);
        if (options.Stream)
        {
            var stream = new StreamSelection(calibration, options.StreamOptions);
            return new SelectionCursor(input, Schema, active, () => (stream.Observe(goodness()), stream.EValue));
        }

        var most = threshold.Value;
        return new SelectionCursor(input, Schema, active, () => calibration.PValue(goodness()) is var p ? (p <= most, p) : default);
    }

    private double Threshold()
    {
        using var cursor = Source.GetRowCursor([Source.Schema[transformer.Options.RankColumnName]]);
        var goodness = Goodness(cursor);
        var values = new double[Source.GetRowCount() is { } count and > 0 and < int.MaxValue ? (int)count : 1024];
        var rows = 0;
        while (cursor.MoveNext())
        {
            if (rows % 1024 == 0)
                Interruption.Check();
            RowRoom.Of(ref values, rows++, 1)[0] = transformer.Calibration.PValue(goodness());
        }

        return BenjaminiHochberg.Threshold(values.AsSpan(0, rows), transformer.Options.FalseDiscoveryRate);
    }

    private Func<double> Goodness(DataViewRow row)
    {
        var rank = PropertyGetter.Scalar(row, row.Schema[transformer.Options.RankColumnName]);
        return transformer.Options.LargeIsGood ? rank : () => -rank();
    }

    private bool[] Active(IEnumerable<DataViewSchema.Column> columns)
    {
        var active = new bool[Schema.Count];
        foreach (var column in columns)
            active[column.Index] = true;
        return active;
    }

    private bool Computes(bool[] active) => active.Skip(Source.Schema.Count).Contains(true);

    private IEnumerable<DataViewSchema.Column> Needed(bool[] active)
    {
        var rank = Computes(active) ? Source.Schema[transformer.Options.RankColumnName].Index : -1;
        return Source.Schema.Where(c => active[c.Index] || c.Index == rank);
    }
}
