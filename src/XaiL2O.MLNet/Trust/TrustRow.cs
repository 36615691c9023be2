using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>A row whose values can be read once it has met the post-condition; it is checked once per input position.</summary>
internal sealed class TrustRow : DataViewRow
{
    private readonly DataViewRow input;
    private readonly HashSet<int> active;
    private readonly TrustGate gate;
    private long checkedAt = -1;

    public TrustRow(RequireTrustTransformer transformer, DataViewRow input, HashSet<int> active)
    {
        (this.input, this.active) = (input, active);
        gate = new TrustGate(transformer, new VerdictReader(input));
    }

    public override DataViewSchema Schema => input.Schema;

    public override long Position => input.Position;

    public override long Batch => input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"The column '{column.Name}' was not asked for.");
        var getter = input.GetGetter<TValue>(column);
        return (ref TValue value) =>
        {
            if (checkedAt != input.Position)
            {
                gate.Admit(null);
                checkedAt = input.Position;
            }

            getter(ref value);
        };
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}
