using System.Text.Json.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Recovery of signals that look alike at every place, such as an ECG, from few measurements: N(d) = argmin_x ½‖Ax − d‖²/σ² + q(x), with q a stationary Gaussian prior and learned
/// functions of filtered signals beside it (<see cref="RidgePriorTerm"/>). Without the learned part it is the linear estimate of the Gaussian prior, from which training starts. Properties:
/// <c>Fidelity</c>, ‖Ax − d‖/‖d‖, <c>Prior</c>, and of the measurements alone <c>Prediction</c> and <c>Agreement</c>.
/// </summary>
/// <remarks>
/// Columns: <c>Measurements</c> (d, m numbers), in training <c>Signal</c> (x, n numbers); appended <c>Estimate</c> (n numbers). Each row is solved at unit scale, and N(c·d) = c·N(d) for
/// every number c. A solve ends in a point where the gradient of the objective is 0; the objective is strictly convex where <see cref="CurvatureLimit"/> is below 1.
/// </remarks>
public sealed class SignalRecoveryDefinition : ModelDefinition
{
    private const int Largest = 1 << 12;

    /// <summary>Range of noise and curvature: within it single precision holds every number of a step.</summary>
    private const double Least = 1e-6;
    private const double Most = 1e3;

    /// <summary>A, m rows of n values, m &lt; n. Required.</summary>
    public required float[,] MeasurementMatrix { get; init; }

    /// <summary>Filters, an even number. Default 32.</summary>
    public int Filters { get; init; } = 32;

    /// <summary>Samples of a filter, odd. Default 25.</summary>
    public int FilterLength { get; init; } = 25;

    /// <summary>σ² relative to the mean square of a row's measurements, in [1e-6, 1e3]. Default 1e-3.</summary>
    public double Noise { get; init; } = 1e-3;

    /// <summary>How much the learned part may bend the prior, relative to the Gaussian part, in [1e-6, 1e3]. Below 1 every solve has one solution. Default 4.</summary>
    public double CurvatureLimit { get; init; } = 4;

    /// <summary>c(0), …, c(n − 1) of the Gaussian prior, learned from the training signals, each relative to the size of its row; null before <see cref="Choose"/>.</summary>
    [JsonInclude]
    public double[]? Autocovariance { get; private set; }

    /// <summary>G⁻¹ of <see cref="MeasurementPrior"/>, m×m; null before <see cref="Choose"/>.</summary>
    [JsonInclude]
    public double[,]? PriorPrecision { get; private set; }

    /// <summary>B of <see cref="MeasurementPrior"/>, n×m; null before <see cref="Choose"/>.</summary>
    [JsonInclude]
    public double[,]? PriorGain { get; private set; }

    /// <inheritdoc/>
    public override int DataSize => MeasurementMatrix.GetLength(0);

    /// <inheritdoc/>
    public override int InferenceSize => MeasurementMatrix.GetLength(1);

    /// <inheritdoc/>
    public override FixedPointOptions Solver => new() { MaxIterations = 2000, AndersonMemory = 5 };

    /// <inheritdoc/>
    public override TrainingOptions Training => new() { Epochs = 10, BatchSize = 50, LearningRate = 2e-3, Seed = Seed, AdjointIterations = 30, InitialIterations = 30, FinalIterations = 60 };

    /// <summary>All rows, for the Gaussian prior.</summary>
    public override int RowsToChoose => Autocovariance is null ? int.MaxValue : 0;

    /// <inheritdoc/>
    public override int ChosenNumbers => InferenceSize;

    /// <summary>With a white prior in the place of the one to be learned.</summary>
    public override ModelDefinition Chosen
    {
        get
        {
            if (Autocovariance is not null)
                return this;
            var white = new double[InferenceSize];
            white[0] = 1;
            return With(white, MeasurementPrior.OfNothing(DataSize, InferenceSize));
        }
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        ArgumentNullException.ThrowIfNull(MeasurementMatrix);
        var (m, n) = (MeasurementMatrix.GetLength(0), MeasurementMatrix.GetLength(1));
        if (m < 1 || m >= n || n > Largest)
            throw new ArgumentException($"{nameof(MeasurementMatrix)} is {m}×{n}; it must have at least one row, fewer rows than columns, and at most {Largest} columns.");
        Check.Whole(Filters, 2, Largest);
        if (Filters % 2 != 0)
            throw new ArgumentOutOfRangeException(nameof(Filters), Filters, $"{nameof(Filters)} = {Filters} is out of range; it must be even.");
        Check.Whole(FilterLength, 1, Largest);
        Check.Odd(FilterLength);
        Check.Within(Noise, Least, Most);
        Check.Within(CurvatureLimit, Least, Most);
        if (Autocovariance is null != PriorPrecision is null || Autocovariance is null != PriorGain is null)
            throw new ArgumentException($"{nameof(Autocovariance)}, {nameof(PriorPrecision)} and {nameof(PriorGain)} belong together; some are missing.");
        if (Autocovariance is { } c && (c.Length != n || !c.All(double.IsFinite) || !(c[0] > 0)))
            throw new ArgumentException($"{nameof(Autocovariance)} has {c.Length} values; it must have {n} finite ones, the first positive.");
    }

    /// <summary>Learns the Gaussian prior from the training signals.</summary>
    /// <inheritdoc/>
    public override ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        using var prior = MeasurementPrior.FromPairs(data, targets);
        var signals = targets.cpu().to(ScalarType.Float64) / Scale(data.cpu().to(ScalarType.Float64));
        return With(StationaryPrior.Autocovariance(signals), prior.Export());
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var chosen = Autocovariance is null ? (SignalRecoveryDefinition)Chosen : this;
        var (A, amplitude) = (model.Matrix(MeasurementMatrix), Amplitude);
        var (gaussian, measured) = (
            model.Shared("Gaussian", () => new StationaryPrior(chosen.Autocovariance!, model.DataType, model.Device)),
            model.Shared("Measured", () => new MeasurementPrior(chosen.PriorPrecision!, chosen.PriorGain!)));
        var filters = model.Learned("Filters", WeightStart.Gaussian(Math.Sqrt(0.5 / (FilterLength * Filters))), [Filters, 1, FilterLength], w => RidgePriorTerm.Limit(w, CurvatureLimit));
        var prior = new RidgePriorTerm("Prior", gaussian, filters, model.LearnedPositive("Sharpness", Filters, 1), amplitude);
        model.Add(new LeastSquaresTerm("Fidelity", A));
        model.Add(prior);
        model.Report(new PredictionTerm("Prediction", measured));
        model.Report(new AgreementTerm("Agreement", measured));
        // At unit scale the mean square of measurements is ‖A‖²_F/m.
        var whitened = model.Shared("Whitened", () => A.Matrix.to(ScalarType.Float64).mm(gaussian.Root.to(ScalarType.Float64)));
        model.SolveWith(() => new PriorProximalGradient(whitened, Noise * amplitude * amplitude / DataSize, prior));
    }

    /// <summary>‖d‖/‖A‖_F, about the root mean square of x; 1 where d = 0.</summary>
    /// <inheritdoc/>
    public override Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var scale = Ratio.RowNorms(data) / Amplitude;
        return where(scale.gt(0), scale, ones_like(scale));
    }

    /// <summary>The mean over rows of ‖x̂ − x‖/‖x‖: rows count alike, whatever their amplitude.</summary>
    /// <inheritdoc/>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(targets);
        // Differentiable where an error is 0, and finite where a signal is.
        const double least = 1e-6;
        return (((inference - targets).square().sum(1) / targets.square().sum(1).clamp_min(least)) + least).sqrt().mean();
    }

    /// <inheritdoc/>
    internal override IEnumerable<(bool IsWarning, string Text)> RemarksOnChoice(long rows) => MeasurementPrior.Remarks(PriorPrecision, PriorGain, rows);

    /// <inheritdoc/>
    internal override double LeastWeights => (double)Filters * FilterLength;

    private double Amplitude
    {
        get
        {
            var sum = 0.0;
            foreach (var value in MeasurementMatrix)
                sum += (double)value * value;
            return sum > 0 ? Math.Sqrt(sum) : 1;
        }
    }

    private SignalRecoveryDefinition With(double[] autocovariance, (double[,] Precision, double[,] Gain) prior)
    {
        var chosen = (SignalRecoveryDefinition)MemberwiseClone();
        (chosen.Autocovariance, (chosen.PriorPrecision, chosen.PriorGain)) = (autocovariance, prior);
        return chosen;
    }
}
