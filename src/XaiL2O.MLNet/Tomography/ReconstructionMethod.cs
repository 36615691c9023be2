using System.Text.Json.Serialization;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>A way to reconstruct images from a scan. All run in one trainer and one transformer, with the same columns.</summary>
[JsonDerivedType(typeof(ImplicitMethod), "implicit")]
[JsonDerivedType(typeof(TotalVariationMethod), "total variation")]
[JsonDerivedType(typeof(BackProjectionMethod), "back-projection")]
[JsonDerivedType(typeof(UNetMethod), "u-net")]
[JsonDerivedType(typeof(FeasibilityMethod), "f-fpn")]
public abstract record ReconstructionMethod
{
    private protected ReconstructionMethod()
    {
    }

    /// <summary>Whether the method has weights that gradients train.</summary>
    internal virtual bool HasWeights => true;

    /// <summary>The settings among which fitting chooses by the mean PSNR on training rows; none for most methods.</summary>
    internal virtual IReadOnlyList<ReconstructionMethod> Candidates => [];

    /// <summary>Numbers chosen on training rows, beside the weights.</summary>
    internal virtual int TunedNumbers => 0;

    internal abstract void Validate();

    /// <summary>
    /// The model for a scan so small that it costs nothing: weights and properties do not depend on the size of images, so it tells those of a model
    /// whose scan may be large.
    /// </summary>
    internal ImplicitModel CreateSmallModel() =>
        CreateModel(RadonOperator.Shared(new ParallelBeamGeometry { ImageSize = Math.Max(8, ImageMultiple), Angles = 2, Bins = 8 }), torch.CPU);

    /// <summary>A lower bound of the model's weights by its settings, which a file that holds fewer is refused by before anything is allocated.</summary>
    internal virtual double LeastWeights => 0;

    /// <summary>What the rows and columns of an image must be a multiple of.</summary>
    internal virtual int ImageMultiple => 1;

    /// <summary>Throws unless the model takes images of a size.</summary>
    internal void CheckImageSize(int imageSize)
    {
        if (imageSize % ImageMultiple != 0)
            throw new ArgumentException($"A {GetType().Name} of these settings takes images whose size is a multiple of {ImageMultiple}; it is {imageSize}.");
    }

    internal abstract ImplicitModel CreateModel(RadonOperator radon, torch.Device device);
}
