using System.Numerics;
using System.Numerics.Tensors;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Reads a number or a vector of numbers as doubles into a buffer that it keeps.</summary>
internal abstract class VectorReader
{
    private double[] values = [];

    /// <summary>Reads the row's values; valid until the next call.</summary>
    public abstract ReadOnlySpan<double> Read();

    public static VectorReader Create(DataViewRow row, DataViewSchema.Column column) => column.Type is VectorDataViewType vector
        ? (VectorReader)Activator.CreateInstance(typeof(Numbers<>).MakeGenericType(vector.ItemType.RawType), row, column)!
        : new Scalar(row, column);

    protected Span<double> Room(int length)
    {
        if (values.Length < length)
            values = new double[length];
        return values.AsSpan(0, length);
    }

    private sealed class Scalar(DataViewRow row, DataViewSchema.Column column) : VectorReader
    {
        private readonly Func<double> getter = PropertyGetter.Scalar(row, column);

        public override ReadOnlySpan<double> Read()
        {
            var room = Room(1);
            room[0] = getter();
            return room;
        }
    }

    private sealed class Numbers<T>(DataViewRow row, DataViewSchema.Column column) : VectorReader
        where T : INumber<T>
    {
        private readonly ValueGetter<VBuffer<T>> getter = row.GetGetter<VBuffer<T>>(column);
        private VBuffer<T> buffer;

        public override ReadOnlySpan<double> Read()
        {
            getter(ref buffer);
            var room = Room(buffer.Length);
            var present = buffer.GetValues();
            if (buffer.IsDense)
            {
                TensorPrimitives.ConvertSaturating(present, room);
                return room;
            }

            room.Clear();
            var indices = buffer.GetIndices();
            for (var i = 0; i < present.Length; i++)
                room[indices[i]] = double.CreateSaturating(present[i]);
            return room;
        }
    }
}
