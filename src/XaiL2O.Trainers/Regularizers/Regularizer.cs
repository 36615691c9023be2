using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A learned map R_Ω on multi-channel images that stands for the proximal operator of a regulariser f_Ω; the function itself is never
/// evaluated.
/// </summary>
public abstract class Regularizer : IDisposable
{
    /// <summary>C, the channels of the images.</summary>
    public abstract int Channels { get; }

    /// <summary>The trained tensors, with their names.</summary>
    public abstract IReadOnlyList<(string Name, Tensor Weight)> Weights { get; }

    /// <summary>An upper bound on the Lipschitz constant of R_Ω for the weights as they are; at most 1 means that it is non-expansive.</summary>
    public abstract double LipschitzBound { get; }

    /// <summary>R_Ω.</summary>
    /// <param name="p">Shape <c>[batch, C, n, n]</c>.</param>
    /// <returns>Shape of <paramref name="p"/>.</returns>
    public abstract Tensor Apply(Tensor p);

    /// <summary>Puts the weights back into the set that the bound rests on, after an optimiser step.</summary>
    public abstract void ProjectWeights();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the weights.</summary>
    /// <param name="disposing">Whether called from <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        foreach (var (_, weight) in Weights)
            weight.Dispose();
    }
}
