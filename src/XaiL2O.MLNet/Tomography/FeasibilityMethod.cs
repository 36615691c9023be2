using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The feasibility-based fixed-point network, <see cref="FeasibilityModel"/>.</summary>
/// <param name="Model">Shape of its network.</param>
public sealed record FeasibilityMethod(FeasibilityOptions Model) : ReconstructionMethod
{
    internal override double LeastWeights => 2.0 * Model.Channels * Model.Channels * Model.Kernel * Model.Kernel;

    internal override void Validate() => Model.Validate();

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device) => new FeasibilityModel(radon, Model, device);
}
