using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The feasibility-based fixed-point network, <see cref="FeasibilityModel"/>.</summary>
public sealed class FeasibilityReconstruction : ReconstructionDefinition
{
    /// <summary>Shape of its network.</summary>
    public FeasibilityOptions Model { get; init; } = new();

    internal override double LeastWeights => 2.0 * Model.Channels * Model.Channels * Model.Kernel * Model.Kernel;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        ArgumentNullException.ThrowIfNull(Model);
        Model.Validate();
    }

    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new FeasibilityModel(RadonOperator.Shared(Geometry), Model, device);
}
