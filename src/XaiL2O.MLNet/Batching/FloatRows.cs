using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Reads a vector column of <see cref="float"/> densely, with its size checked row by row; an empty vector is a missing one.</summary>
internal sealed class FloatRows(DataViewRow source, DataViewSchema.Column column, int size)
{
    private readonly ValueGetter<VBuffer<float>> getter = source.GetGetter<VBuffer<float>>(column);
    private VBuffer<float> buffer;

    public void Read(Span<float> destination)
    {
        getter(ref buffer);
        if (buffer.Length == 0)
            destination.Fill(float.NaN);
        else if (buffer.Length == size)
            buffer.CopyTo(destination);
        else
            throw ColumnCheck.WrongLength(column.Name, size, buffer.Length);
    }
}
