using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>A U-Net applied to the filtered back-projection.</summary>
/// <param name="Filter">Filter of the back-projection.</param>
public sealed record UNetMethod(BackProjectionFilter Filter) : ReconstructionMethod
{
    /// <summary>Channels of the first level; at least 1. Default 16.</summary>
    public int Channels { get; init; } = 16;

    private const int MostLevels = 10;

    /// <summary>Levels, in [2, 10]. The image size must be divisible by 2^(levels − 1). Default 4.</summary>
    public int Levels { get; init; } = 4;

    /// <summary>Seed of the weights at the start of training.</summary>
    public int Seed { get; init; } = 1;

    // The second convolution of the last level.
    internal override double LeastWeights => 9 * Math.Pow(Channels * Math.Pow(2, Levels - 1), 2);

    internal override int ImageMultiple => 1 << (Levels - 1);

    internal override void Validate()
    {
        new BackProjectionMethod(Filter).Validate();
        OptionCheck.Within(Channels, 1, 4096);
        OptionCheck.Within(Levels, 2, MostLevels);
    }

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device)
    {
        CheckImageSize(radon.Geometry.ImageSize);
        return new BackProjectionModel(radon, Filter, new UNet(Channels, Levels, Seed, device), device);
    }
}
