using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The implicit model (17), <see cref="ImplicitReconstructionModel"/>.</summary>
/// <param name="Model">Shape of its learned parts.</param>
public sealed record ImplicitMethod(ReconstructionOptions Model) : ReconstructionMethod
{
    internal override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Model);
        Model.Validate();
    }

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device) =>
        new ImplicitReconstructionModel(radon, Model, torch.ScalarType.Float32, device);
}
