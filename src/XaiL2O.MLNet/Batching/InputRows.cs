using Microsoft.ML;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Vector columns of a batch of rows, filled one row at a time. Their sizes are checked row by row; an empty vector is a missing one, NaN throughout.
/// </summary>
internal sealed class InputRows
{
    private readonly (VectorReader Reader, ModelColumn Column)[] columns;
    private readonly double[][] values; // of each column, with room for the rows that were read so far

    /// <param name="source">The rows.</param>
    /// <param name="columns">Names and sizes.</param>
    public InputRows(DataViewRow source, IEnumerable<ModelColumn> columns)
    {
        this.columns = [.. columns.Select(c => (VectorReader.Create(source, source.Schema[c.Name]), c))];
        values = [.. this.columns.Select(_ => Array.Empty<double>())];
    }

    /// <summary>Copies the source row, as it stands now, into a slot.</summary>
    public void Read(int slot)
    {
        for (var i = 0; i < columns.Length; i++)
        {
            var (reader, column) = columns[i];
            var row = reader.Read();
            var room = RowRoom.Of(ref values[i], slot, column.Size);
            if (row.Length == 0)
                room.Fill(double.NaN);
            else if (row.Length == column.Size)
                row.CopyTo(room);
            else
                throw ColumnCheck.WrongLength(column.Name, column.Size, row.Length);
        }
    }

    /// <summary>Copies of slots 0 … rows − 1, one tensor <c>[rows, size]</c> per column, in double precision.</summary>
    public torch.Tensor[] Take(int rows) =>
        [.. columns.Select((c, i) => torch.tensor(values[i].AsSpan(0, rows * c.Column.Size).ToArray(), [rows, c.Column.Size]))];
}
