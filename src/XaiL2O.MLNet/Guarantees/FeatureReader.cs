using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>Reads columns of a row one after the other as one vector of <see cref="float"/>.</summary>
internal sealed class FeatureReader
{
    private readonly (VectorReader Reader, string Name)[] columns;
    private readonly int[] sizes;

    /// <param name="row">The row.</param>
    /// <param name="names">The columns.</param>
    /// <param name="sizes">Values of each; null to take those of the first row.</param>
    public FeatureReader(DataViewRow row, IReadOnlyList<string> names, IReadOnlyList<int>? sizes)
    {
        columns = [.. names.Select(name => (VectorReader.Create(row, row.Schema[name]), name))];
        this.sizes = sizes is null ? [.. columns.Select(c => c.Reader.Read().Length)] : [.. sizes];
        Size = this.sizes.Sum();
    }

    /// <summary>Values of each column.</summary>
    public IReadOnlyList<int> Sizes => sizes;

    /// <summary>Values of all.</summary>
    public int Size { get; }

    /// <summary>Reads the row as it stands; an empty vector is a missing one, NaN throughout.</summary>
    public void Read(Span<float> into)
    {
        for (var (i, start) = (0, 0); i < columns.Length; start += sizes[i++])
        {
            var values = columns[i].Reader.Read();
            var room = into.Slice(start, sizes[i]);
            if (values.IsEmpty)
                room.Fill(float.NaN);
            else if (values.Length != sizes[i])
                throw ColumnCheck.WrongLength(columns[i].Name, sizes[i], values.Length);
            else
                System.Numerics.Tensors.TensorPrimitives.ConvertSaturating(values, room);
        }
    }
}
