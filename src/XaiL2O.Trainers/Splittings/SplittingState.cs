using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The variables a splitting iterates, one row per sample in every tensor.</summary>
public abstract record SplittingState
{
    /// <summary>The tensors in a fixed order, each of shape <c>[batch, …]</c>.</summary>
    public abstract IReadOnlyList<Tensor> Tensors { get; }

    /// <summary>A state of the same kind from other tensors in the same order.</summary>
    /// <param name="tensors">As many tensors as <see cref="Tensors"/> has.</param>
    public abstract SplittingState With(IReadOnlyList<Tensor> tensors);

    /// <summary>Applies a function to every tensor.</summary>
    internal SplittingState Map(Func<Tensor, Tensor> function) => With([.. Tensors.Select(function)]);

    /// <summary>All variables of a row side by side, <c>[batch, variables]</c>.</summary>
    internal Tensor Flatten() => cat([.. Tensors.Select(t => t.flatten(1))], 1);

    /// <summary>The state that <see cref="Flatten"/> made into a matrix; tensors are of the shape of this one's.</summary>
    /// <param name="flat">Shape <c>[batch, variables]</c>.</param>
    internal SplittingState Unflatten(Tensor flat)
    {
        var parts = flat.split([.. Tensors.Select(t => t.numel() / t.shape[0])], 1);
        return With([.. Tensors.Select((t, i) => parts[i].reshape(t.shape))]);
    }

    /// <summary>Disposes every tensor.</summary>
    internal void DisposeTensors()
    {
        foreach (var tensor in Tensors)
            tensor.Dispose();
    }
}
