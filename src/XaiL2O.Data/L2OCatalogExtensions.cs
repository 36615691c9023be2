using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>Data and measures of experiments, found through <c>mlContext.L2O()</c>.</summary>
public static class L2OCatalogExtensions
{
    /// <summary>Images of LoDoPaB-CT files as rows; see <see cref="LodopabOptions"/>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="folder">Folder with files <c>ground_truth_{part}_NNN.hdf5</c>.</param>
    /// <param name="options">Which files, and how images are cut and resampled.</param>
    /// <returns>Columns <c>Image</c> (vector of <see cref="float"/>), <c>Slice</c> (<see cref="int"/>), <c>File</c> (text).</returns>
    /// <exception cref="FileNotFoundException">The folder has no such files.</exception>
    /// <exception cref="InvalidDataException">A file is damaged or has another layout; thrown while rows are read.</exception>
    public static IDataView LoadLodopab(this L2OCatalog catalog, string folder, LodopabOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new LodopabView(folder, options ?? new LodopabOptions());
    }

    /// <summary>
    /// Appends simulated measurements of images, vector of <see cref="ParallelBeamGeometry.Beams"/> <see cref="float"/>: parallel-beam projections with noise
    /// relative to each beam, see <see cref="ScanSimulator"/>.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="geometry">The scan.</param>
    /// <param name="noise">Standard deviation relative to the beam's value.</param>
    /// <param name="seed">Seed of the noise.</param>
    /// <param name="imageColumnName">Input column: images in [0, 1].</param>
    /// <param name="measurementColumnName">Column appended.</param>
    public static IEstimator<ITransformer> SimulateScan(
        this L2OCatalog catalog,
        ParallelBeamGeometry geometry,
        double noise = 0.015,
        int seed = 1,
        string imageColumnName = "Image",
        string measurementColumnName = "Measurements")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new UntrainedEstimator(new ScanTransformer(new ScanTransformer.Settings(geometry, noise, seed, imageColumnName, measurementColumnName)));
    }

    /// <summary>Appends <c>{prefix}Psnr</c> (decibels) and <c>{prefix}Ssim</c> of images against the truth, <see cref="double"/>; see <see cref="Data.ImageQuality"/>.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="imageSize">Rows and columns of the images, at least 7.</param>
    /// <param name="imageColumnName">Column with the images.</param>
    /// <param name="truthColumnName">Column with the true images in [0, 1].</param>
    /// <param name="prefix">Put before the names of the columns; may be empty.</param>
    public static IEstimator<ITransformer> ImageQuality(
        this L2OCatalog catalog, int imageSize, string imageColumnName = "Reconstruction", string truthColumnName = "Image", string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new UntrainedEstimator(new ImageQualityTransformer(new ImageQualityTransformer.Settings(imageSize, imageColumnName, truthColumnName, prefix)));
    }

    /// <summary>Mean and per-row PSNR and SSIM of reconstructed images.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">Rows with both columns, vectors of known size.</param>
    /// <param name="imageColumnName">Column with the images.</param>
    /// <param name="truthColumnName">Column with the true images in [0, 1].</param>
    public static ImageQualityMetrics EvaluateImages(this L2OCatalog catalog, IDataView data, string imageColumnName = "Reconstruction", string truthColumnName = "Image")
    {
        ArgumentNullException.ThrowIfNull(data);
        ColumnCheck.Argument(data.Schema, truthColumnName);
        var pixels = ((data.Schema[truthColumnName].Type as VectorDataViewType)?.Size).GetValueOrDefault();
        var size = (int)Math.Round(Math.Sqrt(pixels));
        if (size == 0 || size * size != pixels)
            throw new InvalidOperationException($"The column '{truthColumnName}' must be a square image, a vector of n·n numbers; it is {data.Schema[truthColumnName].Type}.");
        var rows = catalog.ImageQuality(size, imageColumnName, truthColumnName).Fit(data).Transform(data);
        // One pass: reconstructing twice would double the time.
        using var cursor = rows.GetRowCursor([rows.Schema["Psnr"], rows.Schema["Ssim"]]);
        var (psnr, ssim) = (cursor.GetGetter<double>(rows.Schema["Psnr"]), cursor.GetGetter<double>(rows.Schema["Ssim"]));
        var (psnrs, ssims) = (new List<double>(), new List<double>());
        while (cursor.MoveNext())
        {
            var (p, s) = (0.0, 0.0);
            psnr(ref p);
            ssim(ref s);
            psnrs.Add(p);
            ssims.Add(s);
        }

        return new ImageQualityMetrics(psnrs.DefaultIfEmpty(double.NaN).Average(), ssims.DefaultIfEmpty(double.NaN).Average(), psnrs, ssims);
    }
}
