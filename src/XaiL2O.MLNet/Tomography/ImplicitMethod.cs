using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>The implicit model (17), <see cref="ImplicitReconstructionModel"/>.</summary>
/// <param name="Model">Shape of its learned parts.</param>
public sealed record ImplicitMethod(ReconstructionOptions Model) : ReconstructionMethod
{
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

    internal override void Validate() => Model.Validate();

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device) =>
        new ImplicitReconstructionModel(radon, Model, torch.ScalarType.Float32, device);
}
