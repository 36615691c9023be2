using ScottPlot;
using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>Writes figures as a whole or not at all.</summary>
internal static class Pictures
{
    public static void SavePicture(this Plot plot, string path, int width, int height) =>
        FileReplacement.Write(path, stream => stream.Write(plot.GetImageBytes(width, height, ImageFormat.Png)));

    public static void SavePicture(this Multiplot multiplot, string path, int width, int height) =>
        FileReplacement.Write(path, stream => stream.Write(multiplot.Render(width, height).GetImageBytes(ImageFormat.Png, 100)));
}
