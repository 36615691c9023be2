using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Moves over the rows that a post-condition admits.</summary>
internal sealed class TrustCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor input;
    private readonly HashSet<int> active;
    private readonly TrustGate gate;
    private long position = -1;
    private bool done;

    public TrustCursor(RequireTrustTransformer transformer, DataViewRowCursor input, HashSet<int> active)
    {
        (this.input, this.active) = (input, active);
        gate = new TrustGate(transformer, new VerdictReader(input), RequireTrustTransformer.MessagesPerPass);
    }

    public override DataViewSchema Schema => input.Schema;

    public override long Position => position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => IsColumnActive(column)
        ? input.GetGetter<TValue>(column)
        : throw new InvalidOperationException($"The column '{column.Name}' was not asked for when the cursor was made.");

    public override bool MoveNext()
    {
        if (done)
            return false;
        while (input.MoveNext())
        {
            Interruption.Check();
            if (!gate.Admit(input.Position))
                continue;
            position++;
            return true;
        }

        (done, position) = (true, -1);
        gate.Summarize();
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // A pass that ends early, for instance after the first rows, is told as well.
            if (!done)
                gate.Summarize();
            (done, position) = (true, -1);
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
