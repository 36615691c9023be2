using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace XaiL2O.Trainers;

/// <summary>
/// The best affine estimate of a signal x from its measurements d in the mean square: x̂ = μ + P(S + εI)⁻¹(d − ν), with μ and ν the means of x and d, P
/// their cross-covariance and S the covariance of d. The baseline that a learned model has to beat.
/// </summary>
/// <remarks>
/// <para>
/// Two ways to the moments. With d = Ax and a <b>Gaussian prior</b> N(μ, C) of x, they are ν = Aμ, P = CAᵀ and S = ACAᵀ, and ε is the variance of the
/// noise of d: the linear minimum-mean-square-error estimator, which for Gaussian x and noise is the posterior mean (Kay, <i>Fundamentals of Statistical
/// Signal Processing: Estimation Theory</i>, 1993, theorems 11.1 and 12.1). By <b>regression</b>, they are those of training pairs (d, x), which
/// is least squares with an intercept and a penalty ε‖G‖² on the matrix (ridge regression: Hoerl and Kennard 1970, doi 10.1080/00401706.1970.10488634).
/// </para>
/// <para>Everything is computed in double precision. An estimator does not change after it has been made and may be used by several threads.</para>
/// </remarks>
public sealed class LinearEstimator
{
    private readonly double[] offset;
    private readonly double[] gain;

    private LinearEstimator(double[] offset, double[] gain, double ridge, double? validationError)
    {
        this.offset = offset;
        this.gain = gain;
        Ridge = ridge;
        ValidationError = validationError;
        MeasurementCount = gain.Length / offset.Length;
    }

    /// <summary>n, the length of a signal.</summary>
    public int SignalLength => offset.Length;

    /// <summary>m, the number of measurements.</summary>
    public int MeasurementCount { get; }

    /// <summary>ε/(trace(S)/m): the given one, or the best of the grid.</summary>
    public double Ridge { get; }

    /// <summary>Mean of (x̂ᵢ − xᵢ)² over the entries of the validation signals; null without validation signals.</summary>
    public double? ValidationError { get; }

    /// <summary>Makes the estimator of a Gaussian prior for measurements d = Ax.</summary>
    /// <param name="measurementMatrix">A, m rows of n values.</param>
    /// <param name="signals">Training signals of length n, at least two: the prior's mean and covariance are theirs.</param>
    /// <param name="covariance">What the prior is allowed to say.</param>
    /// <param name="validationSignals">
    /// Signals apart from the training signals, which choose ε; none are needed where <see cref="LinearEstimatorOptions.Ridge"/> is given.
    /// </param>
    /// <param name="validationMeasurements">Their measurements, of length m; Ax, without noise, when null.</param>
    /// <param name="options">The ridge; defaults when null.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, values are not finite, or validation signals are missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public static LinearEstimator FromPrior(
        float[,] measurementMatrix,
        IReadOnlyList<float[]> signals,
        PriorCovariance covariance = PriorCovariance.Sample,
        IReadOnlyList<float[]>? validationSignals = null,
        IReadOnlyList<float[]>? validationMeasurements = null,
        LinearEstimatorOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(measurementMatrix);
        options = Checked(options, validationSignals);
        Check.Defined(covariance);
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (m, n) = (measurementMatrix.GetLength(0), measurementMatrix.GetLength(1));
        var A = tensor(measurementMatrix).to(float64);
        if (m == 0 || n == 0 || !A.isfinite().all().ToBoolean())
            throw new ArgumentException("The measurement matrix must have rows and columns and hold finite values.", nameof(measurementMatrix));
        var (mean, C) = Prior(Rows(signals, n, 2, nameof(signals)), covariance);
        if (validationSignals is null && validationMeasurements is not null)
            throw new ArgumentException("Validation measurements need their signals.", nameof(validationSignals));
        if (validationSignals is null)
            return Solve(mean, mv(A, mean), C.mm(A.t()), A.mm(C).mm(A.t()), null, options);
        var truths = Rows(validationSignals, n, 1, nameof(validationSignals));
        var data = validationMeasurements is null ? truths.mm(A.t()) : Rows(validationMeasurements, m, 1, nameof(validationMeasurements));
        return Solve(mean, mv(A, mean), C.mm(A.t()), A.mm(C).mm(A.t()), Pairs(data, truths, nameof(validationMeasurements)), options);
    }

    /// <summary>Makes the estimator of a linear regression of signals on measurements.</summary>
    /// <param name="measurements">Training measurements d, one per signal, all of one length m.</param>
    /// <param name="signals">Training signals x, at least two, all of one length n.</param>
    /// <param name="validationMeasurements">
    /// Measurements apart from the training rows, which choose ε; none are needed where <see cref="LinearEstimatorOptions.Ridge"/> is given.
    /// </param>
    /// <param name="validationSignals">Their signals.</param>
    /// <param name="options">The ridge; defaults when null.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, values are not finite, or validation rows are missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public static LinearEstimator FromPairs(
        IReadOnlyList<float[]> measurements,
        IReadOnlyList<float[]> signals,
        IReadOnlyList<float[]>? validationMeasurements = null,
        IReadOnlyList<float[]>? validationSignals = null,
        LinearEstimatorOptions? options = null)
    {
        options = Checked(options, validationSignals);
        if (validationMeasurements is null != validationSignals is null)
            throw new ArgumentException("Validation needs both measurements and signals.", nameof(validationMeasurements));
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (D, X) = Pairs(Rows(measurements, null, 2, nameof(measurements)), Rows(signals, null, 2, nameof(signals)), nameof(signals));
        (Tensor, Tensor)? validation = validationSignals is null ? null : Pairs(
            Rows(validationMeasurements!, (int)D.shape[1], 1, nameof(validationMeasurements)),
            Rows(validationSignals, (int)X.shape[1], 1, nameof(validationSignals)),
            nameof(validationSignals));
        var (dataMean, mean) = (D.mean([0]), X.mean([0]));
        var (centredData, centred) = (D - dataMean, X - mean);
        return Solve(mean, dataMean, centred.t().mm(centredData) / D.shape[0], centredData.t().mm(centredData) / D.shape[0], validation, options);
    }

    /// <summary>x̂ of one vector of measurements; not finite where a measurement is not.</summary>
    /// <param name="measurements">d, of length m.</param>
    /// <exception cref="ArgumentException">The length is not m.</exception>
    public float[] Estimate(ReadOnlySpan<float> measurements)
    {
        if (measurements.Length != MeasurementCount)
            throw new ArgumentException($"There are {measurements.Length} measurements; the estimator takes {MeasurementCount}.", nameof(measurements));
        var d = new double[measurements.Length];
        TensorPrimitives.ConvertTruncating(measurements, d);
        var result = new float[SignalLength];
        for (var i = 0; i < result.Length; i++)
            result[i] = (float)(offset[i] + TensorPrimitives.Dot(gain.AsSpan(i * d.Length, d.Length), d));
        return result;
    }

    /// <summary>The matrix and the vector of the estimate x̂ = Gd + b, as n rows of m values and n values.</summary>
    public (double[,] Gain, double[] Offset) Export()
    {
        var G = new double[SignalLength, MeasurementCount];
        Buffer.BlockCopy(gain, 0, G, 0, gain.Length * sizeof(double));
        return (G, [.. offset]);
    }

    /// <summary>Mean and covariance of the rows of X.</summary>
    private static (Tensor Mean, Tensor Covariance) Prior(Tensor X, PriorCovariance kind)
    {
        var n = (int)X.shape[1];
        var mean = kind == PriorCovariance.Sample ? X.mean([0]) : X.mean().expand(n);
        var centred = X - mean;
        var C = centred.t().mm(centred) / X.shape[0];
        if (kind == PriorCovariance.Sample)
            return (mean, C);
        var (values, vectors) = linalg.eigh(StationaryPrior.Toeplitz(StationaryPrior.ByDistance(C)));
        // The nearest positive semidefinite matrix in the Frobenius norm (Higham 1988, doi 10.1016/0024-3795(88)90223-6).
        return (mean, (vectors * values.clamp_min(0)).mm(vectors.t()));
    }

    /// <summary>The estimator of given moments, with the ridge of least error on the validation rows.</summary>
    private static LinearEstimator Solve(Tensor mean, Tensor dataMean, Tensor P, Tensor S, (Tensor Data, Tensor Signals)? validation, LinearEstimatorOptions options)
    {
        var m = S.shape[0];
        // In the eigenvectors of S every ridge costs a division.
        var (values, Q) = linalg.eigh((S + S.t()) / 2);
        var scale = values.clamp_min(0).mean().ToDouble();
        var rotated = P.mm(Q);
        var projected = validation is { } rows ? (rows.Data - dataMean).mm(Q) : null;
        // Without a ridge, what rounding leaves of a zero eigenvalue is not inverted.
        var significant = values.gt(m * (Math.BitIncrement(1.0) - 1) * values[-1].ToDouble());
        Tensor Gain(double ridge) => ridge * scale > 0
            ? rotated / (values.clamp_min(0) + (ridge * scale))
            : where(significant, rotated / values, zeros_like(rotated));

        var (best, bestError) = (double.NaN, double.PositiveInfinity);
        foreach (var ridge in options.Grid())
        {
            using var inner = NewDisposeScope();
            var error = projected is null ? 0 : (projected.mm(Gain(ridge).t()) + mean - validation!.Value.Signals).square().mean().ToDouble();
            if (error < bestError)
                (best, bestError) = (ridge, error);
        }

        var G = Gain(best).mm(Q.t());
        return new LinearEstimator(Values(mean - mv(G, dataMean)), Values(G), best, projected is null ? null : bestError);
    }

    private static LinearEstimatorOptions Checked(LinearEstimatorOptions? options, IReadOnlyList<float[]>? validationSignals)
    {
        options ??= new LinearEstimatorOptions();
        options.Validate();
        if (options.Ridge is null && validationSignals is null)
            throw new ArgumentException("There are no validation signals to choose the ridge; give some, apart from the training signals, or give Ridge.", nameof(validationSignals));
        return options;
    }

    /// <summary>Finite vectors of one length as the rows of a matrix in double precision.</summary>
    private static Tensor Rows(IReadOnlyList<float[]> vectors, int? length, int least, string name)
    {
        ArgumentNullException.ThrowIfNull(vectors, name);
        if (vectors.Count < least)
            throw new ArgumentException($"There are {vectors.Count} rows in {name}; at least {least} are needed.", name);
        var columns = length ?? vectors[0].Length;
        var values = new float[(long)vectors.Count * columns];
        for (var i = 0; i < vectors.Count; i++)
        {
            if (vectors[i].Length != columns || columns == 0)
                throw new ArgumentException($"Row {i} of {name} has length {vectors[i].Length}; it must be {Math.Max(columns, 1)}.", name);
            if (vectors[i].AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                throw new ArgumentException($"Row {i} of {name} holds NaN or infinite values.", name);
            vectors[i].CopyTo(values, i * columns);
        }

        return tensor(values).reshape(vectors.Count, columns).to(float64);
    }

    private static (Tensor Data, Tensor Signals) Pairs(Tensor data, Tensor signals, string name) => data.shape[0] == signals.shape[0]
        ? (data, signals)
        : throw new ArgumentException($"There are {data.shape[0]} vectors of measurements and {signals.shape[0]} signals; every signal needs its own.", name);

    private static double[] Values(Tensor t) => t.contiguous().data<double>().ToArray();
}
