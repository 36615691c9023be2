using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>A CT slice and its simulated scan.</summary>
internal sealed class CtSlice
{
    public const int ImageSize = 128;
    public const int Pixels = ImageSize * ImageSize;
    public const int Beams = 30 * 183;

    public static readonly ParallelBeamGeometry Geometry = new() { ImageSize = ImageSize, Angles = 30, Bins = 183 };

    /// <summary>
    /// The training file holds 34 patients. Slices 0–43 are chest CT of The Cancer Genome Atlas, one to three slices of each of 32 patients, as the
    /// test file's 18 slices are of ten others. Slices 44–161 are two more: 93 slices of one, then 25 of the other. Training begins at slice 40 and so
    /// sees six patients, these two and four of one slice each.
    /// </summary>
    private const int CalibrationSlices = 38;

    /// <summary>Slices below <see cref="CalibrationSlices"/> of the patients of slices 40 and 43, which training sees.</summary>
    private static readonly int[] OfTrainedPatients = [11, 34, 37];

    private const int FirstTrainingSlice = 40;

    /// <summary>Slice 44, the first of its patient's 93, counts among those with one.</summary>
    private const int FirstOfManySlices = 45;

    /// <summary>
    /// Scans of a quarter of the size with as many beams per pixel: enough for weights of convolutions, see
    /// <see cref="ImplicitModelTransformer.WithDefinition"/>.
    /// </summary>
    public static readonly ParallelBeamGeometry SmallGeometry = new() { ImageSize = ImageSize / 2, Angles = 15, Bins = 92 };

    [VectorType(Pixels)]
    public float[] Image { get; set; } = [];

    public int Slice { get; set; }

    [VectorType(Beams)]
    public float[] Measurements { get; set; } = [];

    /// <summary>18 slices of ten patients, of whom neither training nor calibration sees any.</summary>
    public static CtSlice[] Test(MLContext ml, int seed) => Read(ml, new LodopabOptions { Part = "test" }, seed);

    /// <summary>35 slices of 27 patients, of whom training sees none.</summary>
    public static CtSlice[] Calibration(MLContext ml, int seed) =>
        [.. Read(ml, new LodopabOptions { CropSize = ImageSize }, seed).Where(s => s.Slice < CalibrationSlices && !OfTrainedPatients.Contains(s.Slice))];

    /// <summary>Random crops, flips and turns: several of each patient's single slice, and a quarter as many of each slice of the two patients with many.</summary>
    public static CtSlice[] Training(MLContext ml, int seed, int repetitions) =>
        Choose<CtSlice>(Scans(ml, Augmented(ImageSize, seed, repetitions), Geometry, seed), ml, s => s.Slice, repetitions);

    /// <summary>The same choice for <see cref="SmallGeometry"/>.</summary>
    public static SmallCtSlice[] SmallTraining(MLContext ml, int seed, int repetitions) =>
        Choose<SmallCtSlice>(Scans(ml, Augmented(SmallGeometry.ImageSize, seed, repetitions), SmallGeometry, seed), ml, s => s.Slice, repetitions);

    private static LodopabOptions Augmented(int size, int seed, int repetitions) => new()
    {
        ImageSize = size, CropSize = size, RandomCrop = true, RandomFlip = true, RandomRotation = true, Repetitions = repetitions, Seed = seed,
    };

    private static TRow[] Choose<TRow>(IDataView scans, MLContext ml, Func<TRow, int> slice, int repetitions)
        where TRow : class, new()
    {
        var all = ml.Data.CreateEnumerable<TRow>(scans, reuseRowObject: false).ToArray();
        return [.. all.Where((s, row) => slice(s) >= FirstTrainingSlice && (slice(s) < FirstOfManySlices || row < all.Length / 4))];
    }

    private static CtSlice[] Read(MLContext ml, LodopabOptions options, int seed) =>
        [.. ml.Data.CreateEnumerable<CtSlice>(Scans(ml, options, Geometry, seed), reuseRowObject: false)];

    private static IDataView Scans(MLContext ml, LodopabOptions options, ParallelBeamGeometry geometry, int seed)
    {
        var folder = Path.GetDirectoryName(ExampleContext.Data(Path.Combine("ct", $"ground_truth_{options.Part}_000.hdf5")))!;
        var images = ml.L2O().LoadLodopab(folder, options);
        return ml.L2O().SimulateScan(geometry, noise: 0.015, seed: seed).Fit(images).Transform(images);
    }

    /// <summary>A small slice and its simulated scan.</summary>
    internal sealed class SmallCtSlice
    {
        [VectorType(ImageSize / 2 * (ImageSize / 2))]
        public float[] Image { get; set; } = [];

        public int Slice { get; set; }

        [VectorType(15 * 92)]
        public float[] Measurements { get; set; } = [];
    }
}
