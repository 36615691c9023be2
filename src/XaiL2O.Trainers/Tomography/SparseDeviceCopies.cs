using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A sparse matrix and its transpose as sparse tensors, made once for each device and element type that asks.</summary>
internal sealed class SparseDeviceCopies(SparseMatrix matrix, SparseMatrix transpose) : IDisposable
{
    private readonly Dictionary<(string Device, ScalarType Type, bool Adjoint), Tensor> copies = [];

    /// <summary>The product with every row of x, differentiable.</summary>
    public Tensor Multiply(Tensor x, bool adjoint)
    {
        var copy = Copy(x, adjoint);
        return mm(copy, x.t()).t();
    }

    public void Dispose()
    {
        lock (copies)
        {
            foreach (var copy in copies.Values)
                copy.Dispose();
            copies.Clear();
        }
    }

    private Tensor Copy(Tensor like, bool adjoint)
    {
        lock (copies)
        {
            var key = (like.device.ToString(), like.dtype, adjoint);
            if (!copies.TryGetValue(key, out var copy))
                copies[key] = copy = Make(adjoint ? transpose : matrix, like);
            return copy;
        }
    }

    private static Tensor Make(SparseMatrix source, Tensor like)
    {
        using var mode = inference_mode(false);
        using var scope = NewDisposeScope();
        var rows = new long[source.Values.Length];
        for (var row = 0; row < source.Rows; row++)
            Array.Fill(rows, row, source.Starts[row], source.Starts[row + 1] - source.Starts[row]);
        var columns = Array.ConvertAll(source.Indices, index => (long)index);
        var indices = stack([tensor(rows), tensor(columns)]);
        return sparse_coo_tensor(indices.to(like.device), tensor(source.Values).to(like.dtype).to(like.device), [source.Rows, source.Columns], like.dtype, like.device)
            .DetachFromDisposeScope();
    }
}
