using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The rows that a model is trained on, read once.</summary>
/// <param name="Data">d, shape <c>[rows, DataSize]</c>.</param>
/// <param name="Targets">Shape <c>[rows, TargetSize]</c>.</param>
internal sealed record TrainingTable(torch.Tensor Data, torch.Tensor Targets)
{
    private const int RowsAtOnce = 1024;

    /// <summary>Reads rows of a view; numbers keep their precision.</summary>
    /// <param name="input">The view.</param>
    /// <param name="columns">Columns of the model.</param>
    /// <param name="limit">Most rows.</param>
    /// <param name="cancellation">Stops by throwing.</param>
    /// <exception cref="InvalidOperationException">The view has no rows.</exception>
    public static TrainingTable Read(IDataView input, ModelColumns columns, int limit, CancellationToken cancellation)
    {
        ModelColumn[] read = [.. columns.Inputs, columns.Target];
        using var cursor = input.GetRowCursor(read.Select(c => input.Schema[c.Name]).DistinctBy(c => c.Index));
        var rows = new InputRows(cursor, read);
        var types = read.Select(c => (input.Schema[c.Name].Type is VectorDataViewType vector ? vector.ItemType : input.Schema[c.Name].Type) == NumberDataViewType.Single ? torch.ScalarType.Float32 : torch.ScalarType.Float64).ToArray();
        var pieces = read.Select(_ => new List<torch.Tensor>()).ToArray();
        var (slot, count) = (0, 0);
        void Keep()
        {
            foreach (var (tensor, i) in rows.Take(slot).Select((t, i) => (t, i)))
            {
                pieces[i].Add(tensor.to(types[i]));
                if (types[i] != tensor.dtype)
                    tensor.Dispose();
            }

            slot = 0;
        }

        for (; count < limit && cursor.MoveNext(); count++)
        {
            cancellation.ThrowIfCancellationRequested();
            Interruption.Check();
            rows.Read(slot++);
            if (slot == RowsAtOnce)
                Keep();
        }

        if (slot > 0)
            Keep();
        if (count == 0)
            throw new InvalidOperationException("There are no rows to train on.");
        torch.Tensor[] tables = [.. pieces.Select(p => Join(p, count))];
        return new TrainingTable(columns.Definition.Join(tables[..^1]), tables[^1]);
    }

    /// <summary>Pieces one below the other; each is given back when it is copied, so that there is never a second table.</summary>
    private static torch.Tensor Join(List<torch.Tensor> pieces, int rows)
    {
        var table = torch.empty(rows, pieces[0].shape[1], dtype: pieces[0].dtype);
        var at = 0L;
        foreach (var piece in pieces)
        {
            using var place = table.narrow(0, at, piece.shape[0]);
            place.copy_(piece);
            at += piece.shape[0];
            piece.Dispose();
        }

        return table;
    }

    /// <summary>The table as a model computes with it; this one is given back.</summary>
    public TrainingTable For(ImplicitModel model) => new(Moved(Data, model), Moved(Targets, model));

    private static torch.Tensor Moved(torch.Tensor table, ImplicitModel model)
    {
        if (table.dtype == model.DataType && table.device.ToString() == model.Device.ToString())
            return table;
        using var scope = torch.NewDisposeScope();
        var moved = table.to(model.DataType).to(model.Device).MoveToOuterDisposeScope();
        table.Dispose();
        return moved;
    }

    /// <summary>The table without the rows of finite numbers that the model cannot be trained on; training itself leaves out, and counts, those that are not finite.</summary>
    /// <exception cref="InvalidOperationException">No row is left.</exception>
    public TrainingTable Usable(ModelDefinition definition)
    {
        using var scope = torch.NewDisposeScope();
        var usable = definition.Trainable(Data, Targets);
        if (!usable.any().ToBoolean())
            throw new InvalidOperationException($"There are no rows to train on: of {Data.shape[0]} rows none has measurements and targets that are finite and that the model takes.");
        var kept = usable.logical_or(Data.isfinite().all(1).logical_and(Targets.isfinite().all(1)).logical_not());
        if (kept.all().ToBoolean())
            return this;
        var selected = Select(kept.nonzero().squeeze(1));
        Data.Dispose();
        Targets.Dispose();
        return new TrainingTable(selected.Data.MoveToOuterDisposeScope(), selected.Targets.MoveToOuterDisposeScope());
    }

    /// <summary>The rows that a definition chooses on; not copied where all can be trained on.</summary>
    public TrainingTable Chosen(ModelDefinition definition)
    {
        var usable = definition.Trainable(Data, Targets);
        if (usable.all().ToBoolean())
            return new TrainingTable(Data.slice(0, 0, definition.RowsToChoose, 1), Targets.slice(0, 0, definition.RowsToChoose, 1));
        return Select(usable.nonzero().squeeze(1).slice(0, 0, definition.RowsToChoose, 1));
    }

    private TrainingTable Select(torch.Tensor index) => new(Data.index_select(0, index), Targets.index_select(0, index));
}
