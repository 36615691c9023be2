using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// What training rows say of measurements: a Gaussian prior for their directions, y = √m·d/‖d‖ ~ N(0, G), and the linear estimate of the signal that
/// belongs to it. It predicts every measurement from the others, and so sees measurements that do not go together.
/// </summary>
/// <remarks>
/// <para>
/// With the training rows (dₖ, xₖ), k = 1…N, and yₖ = √m·dₖ/‖dₖ‖, zₖ = √m·xₖ/‖dₖ‖: G = (1/N)·Σ yₖyₖᵀ + εI and B = (1/N)·Σ zₖyₖᵀ·G⁻¹; the estimate of x is
/// Bd. For d = Ax, G is ACAᵀ + εI and B is CAᵀG⁻¹ with the second moments C of the signals (Kay, <i>Fundamentals of Statistical Signal
/// Processing: Estimation Theory</i>, 1993, theorem 12.1). The mean is 0 and rows count relative to their size, so that amplitude and sign tell nothing.
/// </para>
/// <para>
/// The prediction of yᵢ from all other entries has the error eᵢ = (G⁻¹y)ᵢ/(G⁻¹)ᵢᵢ, whose variance under the prior is 1/(G⁻¹)ᵢᵢ, so all m predictions
/// cost one product with G⁻¹ (Dubrule 1983, doi 10.1007/BF01033232; Rasmussen and Williams, <i>Gaussian Processes for Machine Learning</i>, 2006, eqs. (5.10) to (5.12)).
/// </para>
/// <para>Everything is computed in double precision on the CPU. May be used by several threads.</para>
/// </remarks>
public sealed class MeasurementPrior : IDisposable
{
    /// <summary>ε unless another is given: a noise of 1 % of the root mean square of a row's measurements.</summary>
    public const double DefaultNoise = 1e-4;

    /// <summary>Explained share of a measurement's variance below which predicting it from the others shows little.</summary>
    private const double LittleExplained = 0.5;

    private readonly Tensor precision; // G⁻¹
    private readonly Tensor gain; // B
    private readonly Tensor deviations; // of the predictions, (G⁻¹)ᵢᵢ^(−½)

    /// <summary>Takes up what <see cref="Export"/> gave.</summary>
    /// <param name="precision">G⁻¹, m rows of m values.</param>
    /// <param name="gain">B, n rows of m values.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, values are not finite, or the diagonal of G⁻¹ is not positive.</exception>
    public MeasurementPrior(double[,] precision, double[,] gain)
    {
        ArgumentNullException.ThrowIfNull(precision);
        ArgumentNullException.ThrowIfNull(gain);
        var m = precision.GetLength(0);
        if (m < 1 || precision.GetLength(1) != m || gain.GetLength(0) < 1 || gain.GetLength(1) != m)
            throw new ArgumentException($"The precision is {m}×{precision.GetLength(1)} and the gain {gain.GetLength(0)}×{gain.GetLength(1)}; they must be m×m and n×m.", nameof(precision));
        LibTorch.EnsureLoaded();
        using var scope = NewDisposeScope();
        // Copies, in memory that is aligned as libtorch aligns it: products of the same numbers then have the same bits wherever they were loaded.
        var (P, B) = (tensor(precision).clone(), tensor(gain).clone());
        if (!P.isfinite().all().ToBoolean() || !B.isfinite().all().ToBoolean() || !P.diagonal().gt(0).all().ToBoolean())
            throw new ArgumentException("Precision and gain must be finite, and the diagonal of the precision positive.", nameof(precision));
        (this.precision, this.gain) = (P.DetachFromDisposeScope(), B.DetachFromDisposeScope());
        deviations = P.diagonal().rsqrt().DetachFromDisposeScope();
    }

    /// <summary>m, the number of measurements.</summary>
    public int MeasurementCount => (int)gain.shape[1];

    /// <summary>n, the length of a signal.</summary>
    public int SignalLength => (int)gain.shape[0];

    /// <summary>The prior of training rows.</summary>
    /// <param name="data">d, shape <c>[N, m]</c>; rows that are all zero or hold NaN or ∞, here or in the signals, are left out.</param>
    /// <param name="signals">x, shape <c>[N, n]</c>.</param>
    /// <param name="noise">ε, positive: the variance of the noise of a measurement relative to the mean square of a row's.</param>
    /// <exception cref="ArgumentException">Shapes do not fit, or no row is left.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="noise"/> is not positive.</exception>
    public static MeasurementPrior FromPairs(Tensor data, Tensor signals, double noise = DefaultNoise)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(signals);
        Check.Positive(noise);
        if (data.dim() != 2 || signals.dim() != 2 || data.shape[0] != signals.shape[0])
            throw new ArgumentException($"Measurements have shape [{string.Join(", ", data.shape)}] and signals [{string.Join(", ", signals.shape)}]; they must be [rows, m] and [rows, n].", nameof(data));
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var (d, x) = (Double(data), Double(signals));
        var (y, size) = Direction(d);
        var usable = y.isfinite().all(1).logical_and(x.isfinite().all(1)).nonzero().squeeze(1);
        if (usable.shape[0] == 0)
            throw new ArgumentException("No row has finite measurements that are not all zero, and a finite signal.", nameof(data));
        (y, var z) = (y.index_select(0, usable), (x / size).index_select(0, usable));
        var m = y.shape[1];
        var G = (y.t().mm(y) / y.shape[0]) + (noise * eye(m, dtype: float64));
        // G is at least εI; the inverse is made symmetric, as rounding alone keeps it from being.
        var inverse = linalg.inv(G);
        inverse = (inverse + inverse.t()) / 2;
        return new MeasurementPrior(Array(inverse), Array(z.t().mm(y).mm(inverse) / y.shape[0]));
    }

    /// <summary>The prior of training signals that an operator measures without noise.</summary>
    /// <param name="measurement">A, any linear operator.</param>
    /// <param name="signals">x, shape <c>[N, n]</c>, of the operator's type and device.</param>
    /// <param name="noise">ε, as in <see cref="FromPairs"/>.</param>
    /// <inheritdoc cref="FromPairs"/>
    public static MeasurementPrior FromSignals(LinearOperator measurement, Tensor signals, double noise = DefaultNoise)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        ArgumentNullException.ThrowIfNull(signals);
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var data = measurement.Apply(signals);
        return FromPairs(data, signals, noise);
    }

    /// <summary>
    /// How much the measurements say of each other: the share of the variance of a measurement that the others explain under the prior, 1 − 1/(Gᵢᵢ(G⁻¹)ᵢᵢ), mean over the
    /// measurements, in [0, 1]. Where it is near 0, as for signals whose measurements are uncorrelated, predictions show nothing. Of few training rows it is too
    /// large: with N rows and m measurements the share that is not explained is about N/(N − m + 1) times as large.
    /// </summary>
    public double ExplainedShare
    {
        get
        {
            using var work = NativeWork.Enter();
            using var grad = no_grad();
            using var scope = NewDisposeScope();
            return 1 - (1 / (linalg.inv(precision).diagonal() * precision.diagonal())).mean().ToDouble();
        }
    }

    /// <summary>
    /// Errors of the predictions of each measurement from all others, each divided by its standard deviation under the prior: about 1 where
    /// a row is like the training rows, relative to the row's size.
    /// </summary>
    /// <param name="data">d, shape <c>[batch, m]</c>.</param>
    /// <returns>Shape <c>[batch, m]</c>, in double precision on the CPU; NaN where the row is all zero, since nothing is relative to it, or not finite.</returns>
    public Tensor StandardizedErrors(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Direction(Double(data)).Direction.mm(precision) * deviations; // eᵢ·√(G⁻¹)ᵢᵢ = (G⁻¹y)ᵢ/√(G⁻¹)ᵢᵢ
    }

    /// <summary>The linear estimate Bd.</summary>
    /// <param name="data">d, shape <c>[batch, m]</c>.</param>
    /// <returns>Shape <c>[batch, n]</c>, in double precision on the CPU.</returns>
    public Tensor Estimate(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Double(data).mm(gain.t());
    }

    /// <summary>G⁻¹ and B, as m and n rows of m values; for a model file.</summary>
    public (double[,] Precision, double[,] Gain) Export() => (Array(precision), Array(gain));

    /// <summary>G⁻¹ and B of a prior that says nothing, in the place of one that is learned later.</summary>
    internal static (double[,] Precision, double[,] Gain) OfNothing(int measurements, int signal)
    {
        var precision = new double[measurements, measurements];
        for (var i = 0; i < measurements; i++)
            precision[i, i] = 1;
        return (precision, new double[signal, measurements]);
    }

    /// <summary>What whoever trains should know of a prior that was learned: whether the property 'Prediction' sees anything.</summary>
    /// <param name="precision">G⁻¹; nothing is said where this or the next is null.</param>
    /// <param name="gain">B.</param>
    /// <param name="rows">Training rows it was learned from.</param>
    internal static IEnumerable<(bool IsWarning, string Text)> Remarks(double[,]? precision, double[,]? gain, long rows)
    {
        if (precision is null || gain is null)
            yield break;
        using var prior = new MeasurementPrior(precision, gain);
        var m = prior.MeasurementCount;
        if (rows <= m)
        {
            yield return (true, $"The prior of the {m} measurements was learned from {rows} training {(rows == 1 ? "row" : "rows")}; with no more rows than measurements nothing can be said of how well these predict each other, nor of what the property 'Prediction' sees. Train on several times as many rows as there are measurements.");
            yield break;
        }

        // Without the part that as many coefficients explain of any rows.
        var explained = Math.Max(0, 1 - ((1 - prior.ExplainedShare) * rows / (rows - m + 1)));
        var text = FormattableString.Invariant($"Of the variance of a measurement the others explain {explained:P0}, mean over {m} measurements ({rows} training rows).");
        yield return explained >= LittleExplained
            ? (false, text)
            : (true, $"{text} The property 'Prediction' compares each measurement with what the others say of it, so that here it hardly sees wrong or missing measurements or wrong gains. Certify the measurements themselves as well, by their distance to a box or to the training rows (PropertyFunction.DistanceTo), and the agreement with the linear estimate ('Agreement').");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        precision.Dispose();
        gain.Dispose();
        deviations.Dispose();
    }

    /// <summary>√m·d/‖d‖, and the size ‖d‖/√m that was divided by; NaN where d is 0.</summary>
    private static (Tensor Direction, Tensor Size) Direction(Tensor d)
    {
        // The largest entry is taken out first: squares of extreme amplitudes leave the range.
        var largest = d.abs().amax([1], true);
        var scaled = d / largest;
        var size = scaled.norm(1, true) / Math.Sqrt(d.shape[1]);
        return (scaled / size, size * largest);
    }

    private static Tensor Double(Tensor t) => t.cpu().to(float64);

    private static double[,] Array(Tensor matrix)
    {
        var result = new double[matrix.shape[0], matrix.shape[1]];
        Buffer.BlockCopy(matrix.contiguous().data<double>().ToArray(), 0, result, 0, result.Length * sizeof(double));
        return result;
    }
}
