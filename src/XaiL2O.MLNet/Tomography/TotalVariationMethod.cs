using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Total variation minimisation (38), <see cref="TotalVariationModel"/>.</summary>
/// <param name="Model">ε and the step.</param>
public sealed record TotalVariationMethod(TotalVariationOptions Model) : ReconstructionMethod
{
    /// <summary>Values of ε among which fitting chooses by the mean PSNR on training rows; <see cref="Model"/>'s is kept when empty.</summary>
    public IReadOnlyList<double> Radii { get; init; } = [];

    internal override bool HasWeights => false;

    internal override IReadOnlyList<ReconstructionMethod> Candidates =>
        [.. Radii.Select(radius => new TotalVariationMethod(Model with { Radius = radius }))];

    internal override int TunedNumbers => 1;

    internal override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Radii);
        Model.Validate();
        foreach (var radius in Radii)
            (Model with { Radius = radius }).Validate();
    }

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device) =>
        new TotalVariationModel(radon, Model, torch.ScalarType.Float32, device);
}
