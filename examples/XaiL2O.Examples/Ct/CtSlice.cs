using Microsoft.ML;
using Microsoft.ML.Data;
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
    /// The training file has no patient numbers, but its order shows: neighbours differ like different patients up to slice 44 (chest CT of The
    /// Cancer Genome Atlas, as in the test file) and resemble each other in runs after it. The first 38 slices calibrate, and training begins two
    /// further on, so that no patient is on both sides.
    /// </summary>
    public const int CalibrationSlices = 38;

    private const int FirstTrainingSlice = 40;
    private const int FirstSliceOfRuns = 45;

    /// <summary>
    /// Scans of a quarter of the size with as many beams per pixel: enough for weights of convolutions, see
    /// <see cref="CtReconstructionTransformer.WithGeometry"/>.
    /// </summary>
    public static readonly ParallelBeamGeometry SmallGeometry = new() { ImageSize = ImageSize / 2, Angles = 15, Bins = 92 };

    [VectorType(Pixels)]
    public float[] Image { get; set; } = [];

    public int Slice { get; set; }

    [VectorType(Beams)]
    public float[] Measurements { get; set; } = [];

    public static CtSlice[] Test(MLContext ml, int seed) => Read(ml, new LodopabOptions { Part = "test" }, seed);

    public static CtSlice[] Calibration(MLContext ml, int seed) =>
        [.. Read(ml, new LodopabOptions { CropSize = ImageSize }, seed).Where(s => s.Slice < CalibrationSlices)];

    /// <summary>Random crops, flips and turns: several of each different slice, and a quarter as many of each slice of the runs.</summary>
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
        return [.. all.Where((s, row) => slice(s) >= FirstTrainingSlice && (slice(s) < FirstSliceOfRuns || row < all.Length / 4))];
    }

    private static CtSlice[] Read(MLContext ml, LodopabOptions options, int seed) =>
        [.. ml.Data.CreateEnumerable<CtSlice>(Scans(ml, options, Geometry, seed), reuseRowObject: false)];

    private static IDataView Scans(MLContext ml, LodopabOptions options, ParallelBeamGeometry geometry, int seed)
    {
        var folder = Path.GetDirectoryName(ExampleContext.Data(Path.Combine("ct", "ground_truth_test_000.hdf5")))!;
        return ml.L2O().SimulateScan(geometry, noise: 0.015, seed: seed).Transform(ml.L2O().LoadLodopab(folder, options));
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
