using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The implicit dictionary model N(d) = argmin_x ‖Kx‖₁ s.t. Ax = d: compressed sensing with a learned sparsifying transform K (Heaton and Wu Fung,
/// <i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3, eq. (16)). Properties: <c>Sparsity</c>, <c>Fidelity</c>; with a prior
/// <c>Prediction</c> and <c>Agreement</c>.
/// </summary>
/// <remarks>Columns: <c>Measurements</c> (d, m numbers), in training <c>Signal</c> (x, n numbers); appended <c>Estimate</c> (n numbers).</remarks>
public sealed class DictionaryDefinition : ModelDefinition
{
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
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new ImplicitDictionaryModel(
        MeasurementMatrix,
        InitialTransform ?? ImplicitDictionaryModel.RandomTransform(TransformSize ?? InferenceSize, InferenceSize, Seed),
        Model,
        dtype,
        device,
        PriorPrecision is { } precision ? new MeasurementPrior(precision, PriorGain!) : null);

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
