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

    /// <summary>Disposes every tensor.</summary>
    internal void DisposeTensors()
    {
        foreach (var tensor in Tensors)
            tensor.Dispose();
    }
}
