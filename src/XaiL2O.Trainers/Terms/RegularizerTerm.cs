using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A learned regulariser f_Ω(Kx), known through its proximal operator R_Ω alone. Proximal: R_Ω, whatever the step, since the step is part
/// of what was learned. Property value: the proximal residual ‖Kx − R_Ω(Kx)‖₂, 0 where x minimises the regulariser.
/// </summary>
public sealed class RegularizerTerm : Term, IProximable, IStepPerRow
{
    private readonly long size;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="transform">K, with as many channels as the regulariser.</param>
    /// <param name="regularizer">R_Ω; not owned.</param>
    /// <exception cref="ArgumentException">The channels differ.</exception>
    public RegularizerTerm(string name, ConvolutionOperator transform, Regularizer regularizer)
        : base(name, transform)
    {
        ArgumentNullException.ThrowIfNull(regularizer);
        if (transform.Channels != regularizer.Channels)
            throw new ArgumentException($"K gives {transform.Channels} channels and the regulariser takes {regularizer.Channels}.", nameof(regularizer));
        Regularizer = regularizer;
        size = (long)Math.Round(Math.Sqrt(transform.InputSize));
    }

    /// <summary>R_Ω.</summary>
    public Regularizer Regularizer { get; }

    /// <inheritdoc/>
    public override string Cause => "an image that the learned regulariser would still change: structure unlike what it was trained on, noise or streaks that were left in, or detail that was smoothed away";

    /// <inheritdoc/>
    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(u);
        return Regularizer.Apply(u.view(-1, size, size, Regularizer.Channels).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).flatten(1);
    }

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var p = Operator.Apply(x);
        return (p - Proximal(p, 1, data)).norm(1);
    }

    /// <inheritdoc/>
    public override string Formula => "‖Kx − R(Kx)‖";
}
