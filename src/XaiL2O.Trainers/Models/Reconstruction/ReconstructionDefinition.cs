using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A way to reconstruct images from parallel-beam scans.</summary>
/// <remarks>
/// Columns: <c>Measurements</c> (<see cref="ParallelBeamGeometry.Beams"/> numbers in the units of <see cref="RadonOperator"/>), in training <c>Image</c>
/// (<see cref="ParallelBeamGeometry.Pixels"/> numbers in [0, 1]); appended <c>Reconstruction</c> (as many). Properties: <c>Box</c>, <c>Fidelity</c>, <c>TotalVariation</c>; those of
/// <see cref="ImplicitReconstruction"/> say more. Images are computed in single precision.
/// </remarks>
public abstract class ReconstructionDefinition : ModelDefinition
{
    /// <summary>Angles and bins of the scan that stands for one of any size.</summary>
    private const int SmallScan = 8;

    private static readonly ModelColumn Level = new("NoiseLevel", 1) { Lowest = NoiseEstimate.Smallest * (1 - 1e-6), Highest = float.MaxValue, IsUnitless = true };

    private const string DeadName = "DeadBeams";

    private ParallelBeamGeometry geometry = new();

    private protected ReconstructionDefinition()
    {
    }

    /// <summary>The scan.</summary>
    public ParallelBeamGeometry Geometry { get => geometry; init => geometry = value; }

    /// <summary>
    /// How it is known which beams measured nothing. Default <see cref="DeadBeamSource.None"/>: all count, and a reading of 0 through the body is taken for a very exact one. Otherwise dead beams are left out of
    /// the data ball, of the estimate of the noise and of what is measured of images, solves begin from values interpolated in their place, and so do methods that only see the back-projection; a property
    /// value <c>DeadBeams</c> says which share of the scan they are.
    /// </summary>
    public DeadBeamSource DeadBeams { get; init; }

    /// <summary>The measurements, and behind them the noise level of the scan where it has one of its own (<see cref="NoiseSource"/>), and which beams are dead where that is known.</summary>
    public override int DataSize => Inputs.Concat(Derived).Sum(c => c.Size);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs => [new("Measurements", Geometry.Beams), .. Noise == NoiseSource.Column ? (ModelColumn[])[Level] : [], .. DeadBeams == DeadBeamSource.Column ? (ModelColumn[])[DeadColumn] : []];

    internal override IReadOnlyList<ModelColumn> Derived => [.. Noise == NoiseSource.Estimated ? (ModelColumn[])[Level] : [], .. DeadBeams == DeadBeamSource.Detected ? (ModelColumn[])[DeadColumn] : []];

    /// <inheritdoc/>
    public override int InferenceSize => Geometry.Pixels;

    /// <inheritdoc/>
    public override ModelColumn Target => new("Image", TargetSize);

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Outputs => [new("Reconstruction", InferenceSize)];

    /// <inheritdoc/>
    public override TrainingOptions Training => new()
    {
        Epochs = 30,
        BatchSize = 6,
        LearningRate = 3e-3,
        WarmUp = 0.1,
        Patience = 0,
        GradientNorm = 1,
        InitialIterations = 40,
        FinalIterations = 40,
        Solver = new FixedPointOptions { MaxIterations = 200 },
    };

    /// <inheritdoc/>
    public override FixedPointOptions Solver => new() { MaxIterations = 1000, FidelityTolerance = 1e-4 };

    /// <summary>Default 8.</summary>
    public override int BatchSize => 8;

    /// <summary>Single precision.</summary>
    public override ScalarType InferenceType => ScalarType.Float32;

    /// <summary>The same for a scan so small that it costs nothing: weights and properties do not depend on the size of images.</summary>
    public override ModelDefinition Outline => With(new ParallelBeamGeometry { ImageSize = Math.Max(SmallScan, ImageMultiple), Angles = 2, Bins = SmallScan + 1 });

    private ModelColumn DeadColumn => new(DeadName, Geometry.Beams) { Lowest = 0, Highest = 1, IsUnitless = true };

    /// <summary>Where the noise level comes from.</summary>
    private protected virtual NoiseSource Noise => NoiseSource.Fixed;

    /// <summary>What the rows and columns of an image must be a multiple of.</summary>
    private protected virtual int ImageMultiple => 1;

    /// <summary>
    /// The same for another scan. Weights of convolutions do not depend on the size of images, so a model can be trained on small scans, where a step takes a
    /// fraction of the time, and used on large ones. Choose small scans with about as many beams per pixel.
    /// </summary>
    /// <param name="geometry">The other scan.</param>
    public ReconstructionDefinition With(ParallelBeamGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(geometry);
        var other = (ReconstructionDefinition)MemberwiseClone();
        other.geometry = geometry;
        return other;
    }

    /// <summary>Behind the input columns stand the noise level and the dead beams where those are found in the scan; dead beams have interpolated values.</summary>
    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var (scan, dead) = (inputs[0], DeadBeams switch { DeadBeamSource.Detected => DeadBeamDetection.Of(inputs[0], Geometry), DeadBeamSource.Column => inputs[^1], _ => null });
        if (dead is not null)
            scan = DeadBeamDetection.Filled(scan, dead, Geometry);
        List<Tensor> columns = [scan, .. inputs.Skip(1)];
        if (Noise == NoiseSource.Estimated)
            columns.Add(NoiseEstimate.Of(scan, Geometry, dead));
        if (DeadBeams == DeadBeamSource.Detected)
            columns.Add(dead!);
        return base.Join(columns);
    }

    /// <summary>What is measured of images that no sum of terms is minimised for.</summary>
    private protected void Measure(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Report(new BoxTerm("Box", InferenceSize, 0, 1));
        // Of a term that only measures, the radius plays no part.
        model.Report(DeadBeams == DeadBeamSource.None ? new FidelityTerm("Fidelity", RadonOperator.Shared(Geometry)) : new FidelityTerm("Fidelity", RadonOperator.Shared(Geometry), 1, null, Scan(model), null, null, Dead(model)));
        model.Report(new L1Term("TotalVariation", new DifferencesOperator(Geometry.ImageSize)));
        ReportDead(model);
    }

    /// <summary>Which beams are dead; null where that is not known.</summary>
    private protected RowInput? Dead(ModelBuilder model) => DeadBeams == DeadBeamSource.None ? null : model.Input(DeadName);

    /// <summary>Reports the share of dead beams where it is known which are.</summary>
    private protected void ReportDead(ModelBuilder model)
    {
        if (Dead(model) is { } dead)
            model.Report(new DeadBeamsTerm(DeadName, RadonOperator.Shared(Geometry), dead));
    }

    /// <summary>The scans in d.</summary>
    private protected static RowInput Scan(ModelBuilder model) => model.Input("Measurements");

    /// <summary>The noise level of each row; null where it is the same for all.</summary>
    private protected RowInput? NoiseLevel(ModelBuilder model) => Noise == NoiseSource.Fixed ? null : model.Input(Level.Name);

    private protected FilteredBackProjection BackProjector(ModelBuilder model, BackProjectionFilter filter) =>
        model.Shared("BackProjection", () => new FilteredBackProjection(RadonOperator.Shared(Geometry), filter));

    /// <summary>Begins solves where options say.</summary>
    private protected void Start(ModelBuilder model, SolveStart start)
    {
        if (start != SolveStart.BackProjection)
            return;
        var backProjector = BackProjector(model, BackProjectionFilter.Hann);
        var scan = Scan(model);
        model.StartFrom(d => backProjector.Apply(scan.Of(d)).clamp(0, 1));
    }

    /// <summary>Weights of a convolution: random kernels (He et al. 2015), and biases that are 0.</summary>
    /// <param name="model">Declares them.</param>
    /// <param name="names">Of the kernels and of the biases.</param>
    /// <param name="shape">Of the kernels.</param>
    /// <param name="biases">Number of biases.</param>
    /// <param name="deviation">Standard deviation of the kernels.</param>
    /// <param name="generator">Draws them, one layer after the other.</param>
    private protected static (Tensor Kernel, Tensor Bias) Layer(ModelBuilder model, (string Kernel, string Bias) names, long[] shape, long biases, double deviation, Generator generator) =>
        (model.Learned(names.Kernel, WeightStart.Made((s, _) => randn(s, dtype: ScalarType.Float32, generator: generator) * deviation), shape), model.Learned(names.Bias, WeightStart.Zero, [biases]));

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(Geometry);
        Geometry.Validate();
        Check.Defined(DeadBeams);
        if (Noise == NoiseSource.Estimated)
            NoiseEstimate.Check(Geometry);
        if (Geometry.ImageSize % ImageMultiple != 0)
            throw new ArgumentException($"A {GetType().Name} of these settings takes images whose size is a multiple of {ImageMultiple}; it is {Geometry.ImageSize}.");
    }
}
