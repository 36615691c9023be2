using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace XaiL2O.MLNet;

/// <summary>A vector column of <see cref="float"/> of a batch of rows, with its size checked row by row; an empty vector is a missing one.</summary>
internal sealed class FloatRows(DataViewRow source, DataViewSchema.Column column, int size)
{
    private readonly ValueGetter<VBuffer<float>> getter = source.GetGetter<VBuffer<float>>(column);
    private VBuffer<float> buffer;
    private float[] values = [];

    /// <summary>Copies the source row, as it stands now, into a slot.</summary>
    public void Read(int slot)
    {
        getter(ref buffer);
        var destination = RowRoom.Of(ref values, slot, size);
        if (buffer.Length == 0)
            destination.Fill(float.NaN);
        else if (buffer.Length == size)
            buffer.CopyTo(destination);
        else
            throw ColumnCheck.WrongLength(column.Name, size, buffer.Length);
    }

    /// <summary>A copy of slots 0 … rows − 1, shape <c>[rows, size]</c>.</summary>
    public torch.Tensor Take(int rows) => torch.tensor(values.AsSpan(0, rows * size).ToArray(), [rows, size]);
}
