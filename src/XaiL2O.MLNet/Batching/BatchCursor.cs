using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Reads a batch of rows ahead, computes their outputs together when one of them is asked for, and serves them one by one. The first batch is one row and each is
/// <see cref="Growth"/> times the one before, so that who asks for one row waits for one, and a pass over all rows is soon at full batches. Batches of which nothing
/// was asked, as of rows that are skipped, cost nothing and do not count.
/// </summary>
internal sealed class BatchCursor : DataViewRowCursor
{
    private const int Growth = 8;
    private readonly DataViewRowCursor input;
    private readonly bool[] active;
    private readonly IRowBatch? batch;
    private readonly ColumnCache?[] caches;
    private readonly ValueGetter<DataViewRowId>? inputId;
    private DataViewRowId[] ids = [];
    private long[] batches = [];
    private readonly int capacity;
    private Array[] outputs = [];
    private long position = -1;
    private int slot;
    private int rows;
    private int ahead = 1;
    private bool computed;
    private bool disposed;

    public BatchCursor(BatchTransformer transformer, DataViewRowCursor input, DataViewSchema schema, bool[] active)
    {
        (this.input, Schema, this.active) = (input, schema, active);
        bool[] outputsActive = [.. active.Skip(input.Schema.Count)];
        var computes = outputsActive.Contains(true);
        // Without outputs to compute there is nothing to gain from reading ahead.
        capacity = computes ? transformer.BatchSize : 1;
        batch = computes ? transformer.OpenBatch(input, outputsActive) : null;
        caches = new ColumnCache?[input.Schema.Count];
        if (capacity > 1)
        {
            inputId = input.GetIdGetter();
            foreach (var column in input.Schema.Where(c => active[c.Index]))
                caches[column.Index] = ColumnCache.Create(input, column);
        }
    }

    public override DataViewSchema Schema { get; }

    public override long Position => position;

    public override long Batch => capacity > 1 && rows > 0 ? batches[slot] : input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => column.Index < active.Length && active[column.Index];

    public override bool MoveNext()
    {
        if (disposed)
            return false;
        if (++slot >= rows && !ReadAhead())
        {
            position = -1;
            return false;
        }

        position++;
        return true;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() =>
        capacity == 1 ? input.GetIdGetter() : (ref DataViewRowId id) => id = ids[Current()];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the cursor was made.");
        var source = Schema[column.Index];
        if (source.Type.RawType != typeof(TValue))
            throw new InvalidOperationException($"The column '{column.Name}' holds {source.Type.RawType}, not {typeof(TValue)}.");
        if (column.Index >= input.Schema.Count)
        {
            var index = column.Index - input.Schema.Count;
            return RowOutputs.Getter<TValue>(() => Outputs()[index], Current);
        }

        return caches[column.Index] is { } cache
            ? RowOutputs.Getter<TValue>(() => cache.Values, Current)
            : input.GetGetter<TValue>(input.Schema[column.Index]);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !disposed)
        {
            disposed = true;
            position = -1;
            input.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool ReadAhead()
    {
        (slot, rows) = (0, 0);
        Interruption.Check();
        if (computed)
            ahead = (int)Math.Min(capacity, (long)ahead * Growth);
        computed = false;
        while (rows < ahead && input.MoveNext())
        {
            // A row alone is there until the next one.
            if (capacity > 1)
                batch?.Read(rows);
            foreach (var cache in caches)
                cache?.Read(rows);
            if (inputId is not null)
            {
                inputId(ref RowRoom.Of(ref ids, rows, 1)[0]);
                RowRoom.Of(ref batches, rows, 1)[0] = input.Batch;
            }

            rows++;
        }

        return rows > 0;
    }

    private Array[] Outputs()
    {
        _ = Current();
        if (computed)
            return outputs;
        if (capacity == 1)
            batch!.Read(0);
        using var work = NativeWork.Enter();
        outputs = batch!.Compute(rows);
        computed = true;
        return outputs;
    }

    private int Current() => position >= 0 ? slot : throw new InvalidOperationException("The cursor is not on a row; call MoveNext first.");
}
