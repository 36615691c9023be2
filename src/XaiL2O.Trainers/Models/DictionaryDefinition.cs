using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit dictionary model N(d) = argmin_x ‖Kx‖₁ s.t. Ax = d: compressed sensing with a learned sparsifying transform K (Heaton and Wu Fung,
/// <i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3, eq. (16)). Properties: <c>Sparsity</c>, <c>Fidelity</c>; with a prior
/// <c>Prediction</c> and <c>Agreement</c>.
/// </summary>
/// <remarks>
/// Columns: <c>Measurements</c> (d, m numbers), in training <c>Signal</c> (x, n numbers); appended <c>Estimate</c> (n numbers). The model does not change when K is scaled, so ‖K‖₂ = 1 is
/// kept. N(c·d) = c·N(d) for c ≥ 0; each row is solved at unit scale.
/// </remarks>
public sealed class DictionaryDefinition : ModelDefinition
{
    private static readonly ConditionalWeakTable<float[,], object> Norms = [];

    /// <summary>A, m rows of n values, m &lt; n, independent rows. Required.</summary>
    public required float[,] MeasurementMatrix { get; init; }

    /// <summary>q, the rows of K; n when null.</summary>
    public int? TransformSize { get; init; }

    /// <summary>K at the start of training, q rows of n values; random Gaussian when null. Used as it is when <see cref="LearnTransform"/> is false.</summary>
    public float[,]? InitialTransform { get; init; }

    /// <summary>Whether K is trained; false makes a model with a fixed K, for instance the cosine transform. Default true.</summary>
    public bool LearnTransform { get; init; } = true;

    /// <summary>
    /// Whether second moments of the training rows are learned too, for the columns <c>Prediction.Value</c> (how badly a row's measurements predict each
    /// other, <see cref="PredictionTerm"/>) and <c>Agreement.Value</c> (distance from the linear estimate, <see cref="AgreementTerm"/>). Needs the
    /// signal column. The same as <see cref="LearnTransform"/> when null.
    /// </summary>
    public bool? LearnPrior { get; init; }

    /// <summary>
    /// ε of the prior, positive: the variance of the noise of a measurement relative to the mean square of its row; see <see cref="MeasurementPrior"/>. Default
    /// 1e-4.
    /// </summary>
    public double PriorNoise { get; init; } = MeasurementPrior.DefaultNoise;

    /// <summary>Settings that are not trained.</summary>
    public ImplicitDictionaryOptions Model { get; init; } = new();

    /// <summary>G⁻¹ of the prior that was learned, m×m; null before <see cref="Choose"/>. See <see cref="MeasurementPrior"/>.</summary>
    [JsonInclude]
    public double[,]? PriorPrecision { get; private set; }

    /// <summary>B of the prior that was learned, n×m; null before <see cref="Choose"/>.</summary>
    [JsonInclude]
    public double[,]? PriorGain { get; private set; }

    /// <inheritdoc/>
    public override int DataSize => MeasurementMatrix.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => MeasurementMatrix.GetLength(1);

    /// <inheritdoc/>
    public override FixedPointOptions Solver => new() { MaxIterations = 10_000, AndersonMemory = 5 };

    /// <summary>Default 512.</summary>
    public override int BatchSize => 512;

    /// <inheritdoc/>
    public override bool LearnsWeights => LearnTransform;

    /// <summary>
    /// One attached step, the method of the source. From a random K the exact gradient of ‖Kx‖₁ s.t. Ax = d ends in a poorer local minimum, with twice the error: a
    /// solution at a vertex knows nothing of its neighbours, and a step does.
    /// </summary>
    public override GradientMode DefaultGradient => GradientMode.AttachedSteps;

    /// <summary>All rows, for the prior.</summary>
    public override int RowsToChoose => (LearnPrior ?? LearnTransform) && PriorPrecision is null ? int.MaxValue : 0;

    /// <summary>With a prior that says nothing in the place of the one to be learned.</summary>
    public override ModelDefinition Chosen
    {
        get
        {
            if (RowsToChoose == 0)
                return this;
            return With(MeasurementPrior.OfNothing(DataSize, InferenceSize));
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(MeasurementMatrix);
        var n = MeasurementMatrix.GetLength(1);
        if (MeasurementMatrix.GetLength(0) < 1 || MeasurementMatrix.GetLength(0) >= n)
            throw new ArgumentException($"{nameof(MeasurementMatrix)} is {MeasurementMatrix.GetLength(0)}×{n}; it must have at least one row and fewer rows than columns.");
        Check.Whole(TransformSize ?? 1, 1, 1 << 20, nameof(TransformSize));
        if (InitialTransform is { } k && (k.GetLength(1) != n || (TransformSize is { } q && k.GetLength(0) != q)))
            throw new ArgumentException($"{nameof(InitialTransform)} is {k.GetLength(0)}×{k.GetLength(1)}; it must be {TransformSize ?? k.GetLength(0)}×{n}.");
        if (!LearnTransform && InitialTransform is null)
            throw new ArgumentException($"{nameof(LearnTransform)} = false needs an {nameof(InitialTransform)}: an untrained random transform is of no use.");
        if (PriorPrecision is null != PriorGain is null)
            throw new ArgumentException($"{nameof(PriorPrecision)} and {nameof(PriorGain)} belong together; one is missing.");
        if (PriorGain is { } gain && (gain.GetLength(1), gain.GetLength(0)) != (DataSize, n))
            throw new ArgumentException($"The prior is for {gain.GetLength(1)} measurements of {gain.GetLength(0)} values; {nameof(MeasurementMatrix)} is {DataSize}×{n}.");
        Check.Positive(PriorNoise);
        ArgumentNullException.ThrowIfNull(Model);
        Model.Validate();
    }

    /// <summary>Learns the prior.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        using var prior = MeasurementPrior.FromPairs(data, targets, PriorNoise);
        return With(prior.Export());
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var A = model.Matrix(MeasurementMatrix);
        var K = InitialTransform is { } start
            ? model.LearnedUnitMatrix("K", start.GetLength(0), InferenceSize, WeightStart.Values(start))
            : model.LearnedUnitMatrix("K", TransformSize ?? InferenceSize, InferenceSize, WeightStart.Made((shape, _) => Random(shape)));
        var (sparsity, fidelity) = (new L1Term("Sparsity", K, Model.SparsityRelativeToData), new FidelityTerm("Fidelity", A));
        model.Add(sparsity);
        model.Add(fidelity);
        if (PriorPrecision is { } precision)
        {
            var prior = model.Shared("Prior", () => new MeasurementPrior(precision, PriorGain!));
            model.Report(new PredictionTerm("Prediction", prior));
            model.Report(new AgreementTerm("Agreement", prior));
        }

        var geometry = model.Shared("Geometry", () => new MeasurementGeometry(A.Matrix));
        model.SolveWith(() =>
        {
            var admm = new LinearizedAdmm(sparsity, fidelity, null, StepSizes.FromNormBound(new StackedOperator(K, A), 1 / Model.ProximalStep));
            return Model.Solver == DictionarySolver.ExactAdmm ? new AffineDouglasRachford(admm, geometry) : admm;
        });
    }

    /// <summary>‖d‖/(‖A‖₂√n), about the root mean square of x; 1 where d = 0.</summary>
    /// <inheritdoc/>
    public override Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        // A definition keeps nothing that it does not state.
        var norm = (double)Norms.GetValue(MeasurementMatrix, A =>
        {
            using var scope = NewDisposeScope();
            using var geometry = new MeasurementGeometry(tensor(A));
            return geometry.Norm;
        });
        var scale = Ratio.RowNorms(data) / (norm * Math.Sqrt(InferenceSize));
        return where(scale.gt(0), scale, ones_like(scale));
    }

    /// <summary>Independent Gaussian entries.</summary>
    private Tensor Random(long[] shape)
    {
        using var generator = new Generator((ulong)(uint)Seed);
        return randn(shape, dtype: ScalarType.Float32, generator: generator);
    }

    private DictionaryDefinition With((double[,] Precision, double[,] Gain) prior)
    {
        var chosen = (DictionaryDefinition)MemberwiseClone();
        (chosen.PriorPrecision, chosen.PriorGain) = prior;
        return chosen;
    }

    /// <inheritdoc/>
    internal override IEnumerable<(bool IsWarning, string Text)> RemarksOnChoice(long rows) => MeasurementPrior.Remarks(PriorPrecision, PriorGain, rows);

    /// <summary>q·n values of K.</summary>
    internal override double LeastWeights => (double)(InitialTransform?.GetLength(0) ?? TransformSize ?? InferenceSize) * InferenceSize;
}
