using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit dictionary model N_Θ(d) = argmin_x ‖Kx‖₁ s.t. Ax = d, Θ = K (16): compressed sensing with a learned sparsifying
/// transform. Properties: <c>Sparsity</c> and <c>Fidelity</c>; with a <see cref="MeasurementPrior"/> also <c>Prediction</c> and <c>Agreement</c>.
/// </summary>
/// <remarks>
/// The model does not change when K is scaled, so ‖K‖₂ = 1 is kept. It is positively homogeneous, N(c·d) = c·N(d) for c ≥ 0; each row
/// is solved at unit scale.
/// </remarks>
public sealed class ImplicitDictionaryModel : ImplicitModel
{
    /// <summary>Power-iteration steps after each optimiser step; the vector is kept, and K moves little in between.</summary>
    private const int PowerSteps = 5;

    private readonly MatrixOperator transform;
    private readonly MatrixOperator measurement;
    private readonly MeasurementGeometry geometry;
    private readonly L1Term sparsity;
    private readonly FidelityTerm fidelity;
    private readonly Tensor leading;
    private readonly MeasurementPrior? prior;

    /// <summary>Creates the model.</summary>
    /// <param name="measurementMatrix">A, m rows of n values, m &lt; n, independent rows.</param>
    /// <param name="transform">K, q rows of n values; rescaled to ‖K‖₂ = 1.</param>
    /// <param name="options">Solver and step.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    /// <param name="prior">What training rows say of measurements, for the properties that compare a row with it; none when null. Owned by the model.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, rows of A are dependent, or K is zero or not finite.</exception>
    public ImplicitDictionaryModel(float[,] measurementMatrix, float[,] transform, ImplicitDictionaryOptions options, ScalarType dtype = ScalarType.Float32, Device? device = null, MeasurementPrior? prior = null)
    {
        ArgumentNullException.ThrowIfNull(measurementMatrix);
        ArgumentNullException.ThrowIfNull(transform);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        LibTorch.EnsureLoaded();
        using var mode = inference_mode(false);
        if (measurementMatrix.GetLength(1) != transform.GetLength(1))
            throw new ArgumentException($"A has {measurementMatrix.GetLength(1)} columns and K has {transform.GetLength(1)}; both must be the signal length.", nameof(transform));
        if (prior is not null && (prior.MeasurementCount, prior.SignalLength) != (measurementMatrix.GetLength(0), measurementMatrix.GetLength(1)))
            throw new ArgumentException($"The prior is for {prior.MeasurementCount} measurements of {prior.SignalLength} values; the measurement matrix is {measurementMatrix.GetLength(0)}×{measurementMatrix.GetLength(1)}.", nameof(prior));
        foreach (var value in measurementMatrix)
            if (!float.IsFinite(value))
                throw new ArgumentException("The measurement matrix holds NaN or infinite entries.", nameof(measurementMatrix));

        Options = options;
        DataType = dtype;
        Device = device ?? CPU;
        this.prior = prior;
        using var scope = NewDisposeScope();
        var A = tensor(measurementMatrix).to(dtype).to(Device);
        var K = tensor(transform).to(dtype).to(Device);
        if (!K.isfinite().all().ToBoolean() || K.abs().max().ToDouble() == 0)
            throw new ArgumentException("K must be finite and not zero.", nameof(transform));
        var (_, singular, right) = linalg.svd(K.cpu().to(ScalarType.Float64), fullMatrices: false);
        var norm = singular[0].ToDouble();

        geometry = new MeasurementGeometry(A);
        measurement = new MatrixOperator(A, geometry.Norm);
        this.transform = new MatrixOperator(nn.Parameter(K / norm), normBound: 1 + 1e-2);
        leading = right[0].to(dtype).to(Device).clone().DetachFromDisposeScope();
        sparsity = new L1Term("Sparsity", this.transform, options.SparsityRelativeToData);
        fidelity = new FidelityTerm("Fidelity", measurement);
        Properties = prior is null ? Terms : [.. Terms, new PredictionTerm("Prediction", prior), new AgreementTerm("Agreement", prior)];
    }

    /// <summary>Solver and step.</summary>
    public ImplicitDictionaryOptions Options { get; }

    /// <inheritdoc/>
    public override int DataSize => measurement.OutputSize;

    /// <inheritdoc/>
    public override int InferenceSize => measurement.InputSize;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms => [sparsity, fidelity];

    /// <summary>The terms, and with a prior <c>Prediction</c> (<see cref="PredictionTerm"/>) and <c>Agreement</c> (<see cref="AgreementTerm"/>).</summary>
    public override IReadOnlyList<Term> Properties { get; }

    /// <inheritdoc/>
    public override Term Feasibility => fidelity;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [("K", transform.Matrix)];

    /// <summary>Options and A.</summary>
    public override IReadOnlyList<object?> Configuration => [Options, measurement.Matrix];

    /// <inheritdoc/>
    public override ScalarType DataType { get; }

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <summary>A random K: independent Gaussian entries, rescaled to ‖K‖₂ = 1 by the constructor.</summary>
    /// <param name="rows">q.</param>
    /// <param name="columns">n.</param>
    /// <param name="seed">Seed of the draw.</param>
    public static float[,] RandomTransform(int rows, int columns, int seed)
    {
        LibTorch.EnsureLoaded();
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)seed);
        var values = randn(rows, columns, dtype: ScalarType.Float32, generator: generator).data<float>().ToArray();
        var matrix = new float[rows, columns];
        Buffer.BlockCopy(values, 0, matrix, 0, values.Length * sizeof(float));
        return matrix;
    }

    /// <inheritdoc/>
    public override Splitting CreateSplitting()
    {
        var stacked = new StackedOperator(transform, measurement);
        var admm = new LinearizedAdmm(sparsity, fidelity, null, StepSizes.FromNormBound(stacked, 1 / Options.ProximalStep));
        return Options.Solver == DictionarySolver.ExactAdmm ? new AffineDouglasRachford(admm, geometry) : admm;
    }

    /// <summary>
    /// One attached step, the method of the source. From a random K the exact gradient of ‖Kx‖₁ s.t. Ax = d ends in a poorer local minimum, with twice the error: a
    /// solution at a vertex knows nothing of its neighbours, and a step does.
    /// </summary>
    public override GradientMode DefaultGradient => GradientMode.AttachedSteps;

    /// <summary>s(d) = ‖d‖₂/(‖A‖₂·√n), about the size of an entry of x; 1 where d = 0.</summary>
    /// <inheritdoc/>
    public override Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var scale = Ratio.RowNorms(data) / (geometry.Norm * Math.Sqrt(InferenceSize));
        return where(scale.gt(0), scale, ones_like(scale));
    }

    /// <summary>Divides K by its spectral norm, estimated by power iteration from the last estimate's vector.</summary>
    public override void ProjectWeights()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var K = transform.Matrix;
        for (var i = 0; i < PowerSteps; i++)
        {
            var image = mv(K.t(), mv(K, leading));
            leading.copy_(image / image.norm().clamp_min(1e-30));
        }

        K.div_(mv(K, leading).norm());
    }

    /// <summary>Divides K by its exact norm: that of training is an estimate.</summary>
    public override void FinishTraining()
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        transform.Matrix.div_(MatrixOperator.SpectralNorm(transform.Matrix.detach().to(ScalarType.Float64).cpu()));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            transform.Dispose();
            measurement.Dispose();
            geometry.Dispose();
            leading.Dispose();
            prior?.Dispose();
        }

        base.Dispose(disposing);
    }
}
