using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Values of one input column for the rows that were read ahead.</summary>
internal abstract class ColumnCache
{
    public abstract Array Values { get; }

    public abstract void Read(int slot);

    public static ColumnCache Create(DataViewRow source, DataViewSchema.Column column) =>
        (ColumnCache)Activator.CreateInstance(typeof(Typed<>).MakeGenericType(column.Type.RawType), source, column)!;

    private sealed class Typed<T>(DataViewRow source, DataViewSchema.Column column) : ColumnCache
    {
        private readonly ValueGetter<T> getter = source.GetGetter<T>(column);
        private T[] values = [];

        public override Array Values => values;

        public override void Read(int slot) => getter(ref RowRoom.Of(ref values, slot, 1)[0]);
    }
}
