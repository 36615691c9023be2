using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A <see cref="UNet"/> applied to the filtered back-projection.</summary>
public sealed class UNetReconstruction : ReconstructionDefinition
{
    private const int MostLevels = 10;

    /// <summary>Filter of the back-projection. Default <see cref="BackProjectionFilter.Hann"/>.</summary>
    public BackProjectionFilter Filter { get; init; } = BackProjectionFilter.Hann;

    /// <summary>Channels of the first level; at least 1. Default 16.</summary>
    public int Channels { get; init; } = 16;

    /// <summary>Levels, in [2, 10]. The image size must be divisible by 2^(levels − 1). Default 4.</summary>
    public int Levels { get; init; } = 4;

    private protected override int ImageMultiple => 1 << (Levels - 1);

    // The second convolution of the last level.
    internal override double LeastWeights => 9 * Math.Pow(Channels * Math.Pow(2, Levels - 1), 2);

    /// <inheritdoc/>
    public override void Validate()
    {
        Check.Defined(Filter);
        Check.Whole(Channels, 1, 4096);
        Check.Whole(Levels, 2, MostLevels);
        base.Validate();
    }

    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) =>
        new BackProjectionModel(RadonOperator.Shared(Geometry), Filter, new UNet(Channels, Levels, Seed, device), device);
}
