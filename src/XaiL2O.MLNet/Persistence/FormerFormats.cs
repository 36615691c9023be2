using Microsoft.ML;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>Models of versions in which every kind had a format of its own: they are found by their signatures and refused with what to do.</summary>
internal static class FormerFormats
{
    public const string Dictionary = "XaiL2OImplicitDictionary";
    public const string Trades = "XaiL2OCfmmTrade";
    public const string Reconstruction = "XaiL2OCtReconstruction";
    public const string ReconstructionProperties = "XaiL2OCtProperties";
    public const string Composed = "XaiL2OComposedModel";
    public const string Scan = "XaiL2OCtScan";
    public const string ImageQuality = "XaiL2OImageQuality";

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx) =>
        throw new InvalidDataException($"The entry '{ctx.Directory}' was saved in a format that this version does not read. Fit the model again and save it, or load it with the version that saved it.");
}
