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

    public static VectorReader Create(DataViewRow row, DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType { ItemType: NumberDataViewType type } when type == NumberDataViewType.Single => new Floats(row, column),
        VectorDataViewType => new Doubles(row, column),
        _ => new Scalar(row, column),
    };

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

    private sealed class Floats(DataViewRow row, DataViewSchema.Column column) : VectorReader
    {
        private readonly ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(column);
        private VBuffer<float> buffer;

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
                room[indices[i]] = present[i];
            return room;
        }
    }

    private sealed class Doubles(DataViewRow row, DataViewSchema.Column column) : VectorReader
    {
        private readonly ValueGetter<VBuffer<double>> getter = row.GetGetter<VBuffer<double>>(column);
        private VBuffer<double> buffer;

        public override ReadOnlySpan<double> Read()
        {
            getter(ref buffer);
            var room = Room(buffer.Length);
            buffer.CopyTo(room);
            return room;
        }
    }
}
