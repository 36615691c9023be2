using Microsoft.ML;
using XaiL2O.Trainers;

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

    /// <summary>The features of every row of a view.</summary>
    /// <param name="view">The rows.</param>
    /// <param name="names">The columns.</param>
    /// <param name="sizes">Values of each; null to take those of the first row.</param>
    /// <returns>The rows, and the values of each column; none where there is no row.</returns>
    public static (List<float[]> Rows, IReadOnlyList<int> Sizes) ReadAll(IDataView view, IReadOnlyList<string> names, IReadOnlyList<int>? sizes)
    {
        using var cursor = view.GetRowCursor(names.Distinct().Select(name => view.Schema[name]));
        FeatureReader? reader = null;
        var rows = new List<float[]>();
        while (cursor.MoveNext())
        {
            Interruption.Check();
            reader ??= new FeatureReader(cursor, names, sizes);
            var features = new float[reader.Size];
            reader.Read(features);
            rows.Add(features);
        }

        return (rows, reader?.Sizes ?? []);
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
