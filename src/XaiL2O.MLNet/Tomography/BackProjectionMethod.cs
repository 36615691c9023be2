using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Filtered back-projection.</summary>
/// <param name="Filter">Its filter.</param>
public sealed record BackProjectionMethod(BackProjectionFilter Filter) : ReconstructionMethod
{
    internal override bool HasWeights => false;

    internal override void Validate()
    {
        if (!Enum.IsDefined(Filter))
            throw new ArgumentOutOfRangeException(nameof(Filter), Filter, $"{nameof(Filter)} = {Filter} is not a {nameof(BackProjectionFilter)}.");
    }

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device) => new BackProjectionModel(radon, Filter, null, device);
}
