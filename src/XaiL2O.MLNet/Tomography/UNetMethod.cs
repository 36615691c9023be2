using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>A U-Net applied to the filtered back-projection.</summary>
/// <param name="Filter">Filter of the back-projection.</param>
public sealed record UNetMethod(BackProjectionFilter Filter) : ReconstructionMethod
{
    /// <summary>Channels of the first level; at least 1. Default 16.</summary>
    public int Channels { get; init; } = 16;

    /// <summary>Levels; at least 2. The image size must be divisible by 2^(levels − 1). Default 4.</summary>
    public int Levels { get; init; } = 4;

    /// <summary>Seed of the weights at the start of training.</summary>
    public int Seed { get; init; } = 1;

    internal override void Validate()
    {
        new BackProjectionMethod(Filter).Validate();
        Check.Whole(Channels, 1, 4096);
        Check.Whole(Levels, 2, 12);
    }

    internal override ImplicitModel CreateModel(RadonOperator radon, torch.Device device)
    {
        var multiple = 1 << (Levels - 1);
        if (radon.Geometry.ImageSize % multiple != 0)
            throw new ArgumentException($"A U-Net of {Levels} levels takes images whose size is a multiple of {multiple}; it is {radon.Geometry.ImageSize}.");
        return new BackProjectionModel(radon, Filter, new UNet(Channels, Levels, Seed, device), device);
    }
}
