using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit reconstruction model (17) of Heaton and Wu Fung (<i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3),
/// <see cref="ImplicitReconstructionModel"/>. Properties: <c>Box</c>, <c>Fidelity</c>, <c>Regularizer</c>, <c>TotalVariation</c>, <c>Whiteness</c>, <c>LocalMisfit</c>.
/// </summary>
public sealed class ImplicitReconstruction : ReconstructionDefinition
{
    /// <summary>Shape of its learned parts.</summary>
    public ReconstructionOptions Model { get; init; } = new();

    internal override double LeastWeights
    {
        get
        {
            var (C, H, X, stages, kernel) = ((double)Model.Channels, (double)Model.Hidden, (double)Model.Context, (double)Model.Stages, (double)Model.Kernel * Model.Kernel);
            return (C * Model.TransformKernel * Model.TransformKernel) + Model.Regularizer switch
            {
                RegularizerKind.Potential => stages * H * C * kernel,
                RegularizerKind.Adaptive => (H * C) + (kernel * ((2 * H * X) + (stages * X * X))),
                _ => stages * C * C * kernel,
            };
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Model);
        Model.Validate();
    }

    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        new ImplicitReconstructionModel(RadonOperator.Shared(Geometry), Model, dtype, device);
}
