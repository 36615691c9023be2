namespace XaiL2O.Trainers;

/// <summary>
/// Total variation, the size of the differences of neighbours (Rudin, Osher and Fatemi 1992, doi 10.1016/0167-2789(92)90242-F): sparsity terms of
/// difference operators. Property value: ‖Dx‖₁, for isotropic images Σ‖(Dx)_pixel‖₂.
/// </summary>
public static class TotalVariation
{
    /// <summary>Of a signal, Σ|x_{i+1} − xᵢ|.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="size">Length of x.</param>
    public static L1Term OfSignal(string name, int size) => new(name, new SignalDifferencesOperator(size));

    /// <summary>Of a square image, vertical and horizontal differences apart (anisotropic).</summary>
    /// <param name="name">Property name.</param>
    /// <param name="imageSize">Rows and columns of the image.</param>
    public static L1Term OfImage(string name, int imageSize) => new(name, new DifferencesOperator(imageSize));

    /// <summary>Of a square image, the length of each pixel's gradient (isotropic).</summary>
    /// <param name="name">Property name.</param>
    /// <param name="imageSize">Rows and columns of the image.</param>
    public static GroupL1Term OfImageGradient(string name, int imageSize) => new(name, new DifferencesOperator(imageSize), 2, interleaved: true);
}
