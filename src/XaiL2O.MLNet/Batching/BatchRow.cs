using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>One row with computed outputs over a live input row, for prediction engines. Computes once per input position.</summary>
internal sealed class BatchRow : DataViewRow
{
    private readonly DataViewRow input;
    private readonly bool[] active;
    private readonly IRowBatch? batch;
    private Array[] outputs = [];
    private long computedAt = -1;

    public BatchRow(BatchTransformer transformer, DataViewRow input, DataViewSchema schema, bool[] active)
    {
        (this.input, Schema, this.active) = (input, schema, active);
        bool[] outputsActive = [.. active.Skip(input.Schema.Count)];
        batch = outputsActive.Contains(true) ? transformer.OpenBatch(input, outputsActive) : null;
    }

    public override DataViewSchema Schema { get; }

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for.");
        if (column.Index < input.Schema.Count)
            return input.GetGetter<TValue>(input.Schema[column.Index]);
        if (Schema[column.Index].Type.RawType != typeof(TValue))
            throw new InvalidOperationException($"The column '{column.Name}' holds {Schema[column.Index].Type.RawType}, not {typeof(TValue)}.");
        var index = column.Index - input.Schema.Count;
        return RowOutputs.Getter<TValue>(() => Compute()[index], () => 0);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }

    private Array[] Compute()
    {
        if (computedAt != input.Position)
        {
            batch!.Read(0);
            using var work = NativeWork.Enter();
            outputs = batch.Compute(1);
            computedAt = input.Position;
        }

        return outputs;
    }
}
