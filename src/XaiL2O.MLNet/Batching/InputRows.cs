using Microsoft.ML;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Vector columns of a batch of rows, filled one row at a time. Their sizes are checked row by row; an empty vector is a missing one, NaN throughout.
/// </summary>
internal sealed class InputRows
{
    private readonly (VectorReader Reader, ModelColumn Column, double[] Values)[] columns;

    /// <param name="source">The rows.</param>
    /// <param name="columns">Names and sizes.</param>
    /// <param name="capacity">Rows that there is room for.</param>
    public InputRows(DataViewRow source, IEnumerable<ModelColumn> columns, int capacity) =>
        this.columns = [.. columns.Select(c => (VectorReader.Create(source, source.Schema[c.Name]), c, new double[(long)capacity * c.Size]))];

    /// <summary>Copies the source row, as it stands now, into a slot.</summary>
    public void Read(int slot)
    {
        foreach (var (reader, column, values) in columns)
        {
            var row = reader.Read();
            var room = values.AsSpan(slot * column.Size, column.Size);
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
        [.. columns.Select(c => torch.tensor(c.Values.AsSpan(0, rows * c.Column.Size).ToArray(), [rows, c.Column.Size]))];
}
