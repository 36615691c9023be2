using Microsoft.ML;
using TorchSharp;
using XaiL2O.Data;
using XaiL2O.MLNet;
using XaiL2O.Trainers;
using static TorchSharp.torch;

namespace XaiL2O.Examples;

/// <summary>
/// Scans for training under one protocol for all methods: slices of <see cref="CtPatients.Training"/>, cut, turned and scaled at random, with noise of 0.5 to 3 %, and one in five
/// of a scanner that is not as it should be.
/// </summary>
internal sealed class CtScans
{
    private const int Frame = 160;
    private const double LowestNoise = 0.005;
    private const double HighestNoise = 0.03;

    /// <summary>One scan in so many has something wrong.</summary>
    private const int Wrong = 5;

    private const int Kinds = 5;

    /// <summary>Wrong angles are taken from a scan with so many times as many, 1.2° apart.</summary>
    private const int Finer = 5;

    private readonly ILookup<int, float[]> frames;
    private readonly int seed;
    private readonly RadonOperator radon = RadonOperator.Shared(CtSlice.Geometry);

    public CtScans(MLContext ml, int seed)
    {
        this.seed = seed;
        var folder = Path.GetDirectoryName(ExampleContext.Data(Path.Combine("ct", "ground_truth_train_000.hdf5")))!;
        frames = ml.Data.CreateEnumerable<FrameRow>(ml.L2O().LoadLodopab(folder, new LodopabOptions { ImageSize = Frame, CropSize = Frame }), reuseRowObject: false)
            .ToLookup(s => CtPatients.Of(s.Slice), s => s.Image);
    }

    /// <summary>The scans of an epoch of training, the same whenever it is asked for.</summary>
    public CtSlice[] Training(int epoch, int count)
    {
        var random = new Random(HashCode(epoch));
        var images = Enumerable.Range(0, count).Select(_ =>
        {
            var slices = frames[CtPatients.Training[random.Next(CtPatients.Training.Length)]].ToArray();
            var frame = slices[random.Next(slices.Length)];
            // Half of the images keep their pixels, since interpolation smooths.
            var free = random.Next(2) == 0;
            double Around(double reach) => free ? reach * ((2 * random.NextDouble()) - 1) : 0;
            var turn = (random.Next(4) * Math.PI / 2) + Around(Math.PI / 18);
            var (scale, row, column, mirror) = (1 + Around(0.1), random.Next(-16, 17), random.Next(-16, 17), random.Next(2) == 0);
            return Cut(frame, turn, scale, row, column, mirror);
        }).ToArray();
        return Scanned(images, random, _ => Math.Exp(Math.Log(LowestNoise) + (random.NextDouble() * Math.Log(HighestNoise / LowestNoise))), _ => random.Next(Wrong) == 0 ? random.Next(Kinds) : null);
    }

    /// <summary>Scans that choose learning rates and weights: of each slice one at each of five noise levels, and one with something wrong.</summary>
    public CtSlice[] Validation()
    {
        double[] levels = [0.005, 0.01, 0.015, 0.02, 0.03, 0.015];
        var images = CtPatients.Validation.SelectMany(p => frames[p]).SelectMany(frame => levels.Select(_ => Cut(frame, 0, 1, 0, 0, false))).ToArray();
        return Scanned(images, new Random(HashCode(0)), i => levels[i % levels.Length], i => i % levels.Length == levels.Length - 1 ? i / levels.Length % Kinds : null);
    }

    /// <summary>One undisturbed scan of each calibration slice.</summary>
    public CtSlice[] Calibration(double noise)
    {
        var images = CtPatients.Calibration.SelectMany(p => frames[p]).Select(frame => Cut(frame, 0, 1, 0, 0, false)).ToArray();
        return Scanned(images, new Random(HashCode(-1)), _ => noise, _ => null);
    }

    /// <param name="images">Row-major pixels.</param>
    /// <param name="random">What is drawn beside the noise of beams.</param>
    /// <param name="noise">Of each row.</param>
    /// <param name="kind">What is wrong with each row; null for nothing.</param>
    private CtSlice[] Scanned(float[][] images, Random random, Func<int, double> noise, Func<int, int?> kind)
    {
        using var grad = no_grad();
        using var generator = new Generator((ulong)random.Next());
        return [.. images.Select((image, i) =>
        {
            using var scope = NewDisposeScope();
            var (level, wrong) = (noise(i), kind(i));
            return new CtSlice { Image = image, Measurements = [.. Scan(tensor(image).unsqueeze(0), level, wrong, random, generator).flatten().contiguous().data<float>()] };
        })];
    }

    private Tensor Scan(Tensor image, double noise, int? wrong, Random random, Generator generator)
    {
        var g = CtSlice.Geometry;
        var scan = (wrong == 0 ? WrongAngles(image, random) : radon.Apply(image)).view(g.Angles, g.Bins);
        if (wrong == 1)
        {
            // The centre of rotation is off by up to half a bin to either side; between two bins lies, nearly, their mean.
            var off = 0.5 * random.NextDouble();
            scan = ((1 - off) * scan) + (off * scan.roll(random.Next(2) == 0 ? 1 : -1, 1));
        }

        if (wrong == 2)
        {
            var photons = Math.Exp(Math.Log(1000) + (random.NextDouble() * Math.Log(10)));
            var unit = scan.max() / 4;
            return -(poisson(photons * (-scan / unit).exp(), generator).clamp_min(1) / photons).log() * unit;
        }

        scan = scan + (noise * scan.abs() * randn(scan.shape, dtype: ScalarType.Float32, generator: generator));
        if (wrong == 3)
            scan.narrow(0, random.Next(g.Angles - 1), random.Next(1, 3)).zero_();
        if (wrong == 4)
            scan.narrow(1, random.Next(20, g.Bins - 24), random.Next(1, 5)).zero_();
        return scan;
    }

    /// <summary>All angles wrong by 1.2° to the same side, or each by −1.2°, 0 or 1.2°.</summary>
    private Tensor WrongAngles(Tensor image, Random random)
    {
        var g = CtSlice.Geometry;
        var fine = RadonOperator.Shared(g with { Angles = Finer * g.Angles });
        var common = random.Next(2) == 0 ? (2 * random.Next(2)) - 1 : (int?)null;
        var taken = Enumerable.Range(0, g.Angles).Select(k => (long)((Finer * k) + (Finer / 2) + (common ?? random.Next(-1, 2)))).ToArray();
        // Each operator has its own unit of length.
        return (radon.LengthUnit / fine.LengthUnit) * fine.Apply(image).view(Finer * g.Angles, g.Bins).index_select(0, tensor(taken));
    }

    private int HashCode(int epoch) => unchecked((seed * 1_000_003) + (epoch * 7919) + 17);

    /// <summary>A square of a frame, turned, scaled and mirrored, by cubic interpolation (Keys 1981, doi 10.1109/TASSP.1981.1163711), which leaves pixels as they are where these fall on pixels.</summary>
    private static float[] Cut(float[] frame, double turn, double scale, int row, int column, bool mirror)
    {
        const int size = CtSlice.ImageSize;
        var (cos, sin) = (scale * Math.Cos(turn), scale * Math.Sin(turn));
        var image = new float[size * size];
        for (var i = 0; i < image.Length; i++)
        {
            var (y, x) = ((i / size) - ((size - 1) / 2.0), ((i % size) - ((size - 1) / 2.0)) * (mirror ? -1 : 1));
            image[i] = (float)Math.Clamp(Sample(frame, ((Frame - 1) / 2.0) + row + (cos * y) - (sin * x), ((Frame - 1) / 2.0) + column + (sin * y) + (cos * x)), 0, 1);
        }

        return image;
    }

    /// <summary>Outside the frame there is air.</summary>
    private static double Sample(float[] frame, double y, double x)
    {
        // Rounding of a quarter turn would otherwise give a pixel's neighbours a share.
        (y, x) = (Math.Round(y, 9), Math.Round(x, 9));
        var (top, left) = ((int)Math.Floor(y), (int)Math.Floor(x));
        var sum = 0.0;
        for (var i = -1; i <= 2; i++)
        {
            var weight = Cubic(y - top - i);
            for (var j = -1; weight != 0 && j <= 2; j++)
                if (top + i is >= 0 and < Frame && left + j is >= 0 and < Frame)
                    sum += weight * Cubic(x - left - j) * frame[((top + i) * Frame) + left + j];
        }

        return sum;
    }

    private static double Cubic(double t)
    {
        t = Math.Abs(t);
        return t < 1 ? 1 + (t * t * ((1.5 * t) - 2.5)) : t < 2 ? 2 - (4 * t) + (t * t * (2.5 - (0.5 * t))) : 0;
    }

    private sealed class FrameRow
    {
        [Microsoft.ML.Data.VectorType(Frame * Frame)]
        public float[] Image { get; set; } = [];

        public int Slice { get; set; }
    }
}
