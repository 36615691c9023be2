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
    /// Cancer Genome Atlas, as in the test file) and resemble each other in runs after it. The first 22 slices calibrate; the two after them
    /// are used for nothing, so that no patient is on both sides.
    /// </summary>
    public const int CalibrationSlices = 22;

    private const int FirstTrainingSlice = 24;
    private const int FirstSliceOfRuns = 45;

    [VectorType(Pixels)]
    public float[] Image { get; set; } = [];

    public int Slice { get; set; }

    [VectorType(Beams)]
    public float[] Measurements { get; set; } = [];

    public static CtSlice[] Test(MLContext ml, int seed) => Read(ml, new LodopabOptions { Part = "test" }, seed);

    public static CtSlice[] Calibration(MLContext ml, int seed) =>
        [.. Read(ml, new LodopabOptions { CropSize = ImageSize }, seed).Where(s => s.Slice < CalibrationSlices)];

    /// <summary>Random crops, flips and turns: several of each different slice, and one of every third slice of the runs.</summary>
    public static CtSlice[] Training(MLContext ml, int seed, int repetitions)
    {
        var all = Read(ml, new LodopabOptions { CropSize = ImageSize, RandomCrop = true, RandomFlip = true, RandomRotation = true, Repetitions = repetitions, Seed = seed }, seed);
        return [.. all.Where((s, row) => s.Slice >= FirstTrainingSlice && (s.Slice < FirstSliceOfRuns || (s.Slice % 3 == 0 && row < all.Length / repetitions)))];
    }

    private static CtSlice[] Read(MLContext ml, LodopabOptions options, int seed)
    {
        var images = ml.L2O().LoadLodopab(Path.GetDirectoryName(ExampleContext.Data(Path.Combine("ct", "ground_truth_test_000.hdf5")))!, options);
        return [.. ml.Data.CreateEnumerable<CtSlice>(ml.L2O().SimulateScan(Geometry, noise: 0.015, seed: seed).Transform(images), reuseRowObject: false)];
    }
}
