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

    internal abstract ImplicitModel CreateModel(RadonOperator radon, torch.Device device);
}
