using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A learned prior of signals as an energy, q(x) = ½‖u‖² + Σ_c ±Σᵢ ψ_c((w_c ∗ u)ᵢ), with u = C^−½x the signal whitened by a stationary Gaussian prior, filters w_c and
/// ψ_c(t) = log cosh(τ_c t)/τ_c². Filters of the first half add, what makes their features large is unlikely; those of the second half subtract. Without filters it is the
/// Gaussian prior itself. Property value: ‖∇q‖ in the metric of the Gaussian prior, per entry of a signal and relative to the row's size: how strongly the measurements hold an
/// estimate away from what the prior would make of it.
/// </summary>
/// <remarks>
/// <para>
/// Sums of functions of filtered signals, ridge functions, are the fields of experts of Roth and Black (2009, doi 10.1007/s11263-008-0197-6); that a quadratic beside them may pay for
/// their concave parts is from Goujon, Neumayer and Unser (2024, doi 10.1137/23M1565243). Between 0 ≤ ψ″ ≤ 1 the second half's curvature is at least −max_f Σ|ŵ_c(f)|², so that
/// q is convex where that is at most 1; above, what is found is a stationary point.
/// </para>
/// <para>ψ is even, so a signal and its negative are alike.</para>
/// </remarks>
internal sealed class RidgePriorTerm : Term, ISmooth
{
    /// <summary>Frequencies at which norms of filters are computed, for each sample of a filter.</summary>
    private const int FrequencyFactor = 16;

    private readonly StationaryPrior prior;
    private readonly Tensor filters;   // [C, 1, k]
    private readonly Tensor sharpness; // [1, C, 1]
    private readonly Tensor signs;     // [1, C, 1]
    private readonly double amplitude;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="prior">C; not owned.</param>
    /// <param name="filters">w, shape <c>[C, 1, k]</c> with even C and odd k.</param>
    /// <param name="sharpness">τ, positive, shape <c>[C]</c>.</param>
    /// <param name="amplitude">‖A‖_F: the root mean square of a signal is about ‖d‖/‖A‖_F, at which the property is evaluated.</param>
    internal RidgePriorTerm(string name, StationaryPrior prior, Tensor filters, Tensor sharpness, double amplitude)
        : base(name, new IdentityOperator((int)prior.Root.shape[0]))
    {
        (this.prior, this.filters, this.amplitude) = (prior, filters, amplitude);
        this.sharpness = sharpness.view(1, -1, 1);
        var half = filters.shape[0] / 2;
        signs = cat([ones(half, dtype: filters.dtype, device: filters.device), -ones(half, dtype: filters.dtype, device: filters.device)]).view(1, -1, 1);
    }

    /// <inheritdoc/>
    public override string Formula => "‖∇q(x)‖ of the learned prior, whitened, per entry";

    /// <inheritdoc/>
    public override string Cause => "a signal unlike those of the training rows, or measurements that hold the estimate away from one that is like them";

    /// <summary>C^½, between signals and white ones.</summary>
    internal Tensor Root => prior.Root;

    /// <summary>(1 + max_f Σ|ŵ_c(f)|²)/(the least eigenvalue of C).</summary>
    public double LipschitzBound
    {
        get
        {
            using var grad = no_grad();
            using var scope = NewDisposeScope();
            var norm = linalg.norm(prior.InverseRoot.cpu(), 2).ToDouble();
            return (1 + Curvature.Largest) * norm * norm;
        }
    }

    /// <summary>The most that the adding and the subtracting filters bend q, in white signals.</summary>
    internal (double Adding, double Subtracting, double Largest) Curvature
    {
        get
        {
            using var grad = no_grad();
            using var scope = NewDisposeScope();
            var half = filters.shape[0] / 2;
            var (adding, subtracting) = (Energy(filters.narrow(0, 0, half)), Energy(filters.narrow(0, half, half)));
            return (adding, subtracting, Math.Max(adding, subtracting));
        }
    }

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data)
    {
        var white = u.mm(prior.InverseRoot);
        return (white + WhiteGradient(white)).mm(prior.InverseRoot);
    }

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data)
    {
        var white = u.mm(prior.InverseRoot);
        var scaled = (sharpness * Features(white)).abs();
        // log cosh t = |t| + log(1 + e^(−2|t|)) − log 2.
        var ψ = (scaled + nn.functional.softplus(-2 * scaled) - Math.Log(2)) / sharpness.square();
        return (white.square().sum(1) / 2) + (signs * ψ).sum([1, 2]);
    }

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        var white = (x * (amplitude / data.norm(1, true))).mm(prior.InverseRoot);
        return (white + WhiteGradient(white)).norm(1) / Math.Sqrt(x.shape[1]);
    }

    /// <summary>The gradient of the sum over filters in white signals, ∓Σ w̃_c ∗ ψ′_c(w_c ∗ u).</summary>
    /// <param name="white">u, shape <c>[batch, n]</c>.</param>
    internal Tensor WhiteGradient(Tensor white)
    {
        var slopes = (sharpness * Features(white)).tanh() * (signs / sharpness);
        return nn.functional.conv_transpose1d(slopes, filters, padding: filters.shape[2] / 2).squeeze(1);
    }

    /// <summary>Scales the filters of both halves so that each bends q by at most a limit.</summary>
    /// <param name="filters">w.</param>
    /// <param name="limit">Positive.</param>
    internal static void Limit(Tensor filters, double limit)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var half = filters.shape[0] / 2;
        foreach (var part in new[] { filters.narrow(0, 0, half), filters.narrow(0, half, half) })
        {
            if (Energy(part) is var energy && energy > limit)
                part.mul_(Math.Sqrt(limit / energy));
        }
    }

    private Tensor Features(Tensor white) => nn.functional.conv1d(white.unsqueeze(1), filters, padding: filters.shape[2] / 2);

    /// <summary>
    /// A bound on max_f Σ|ŵ_c(f)|², and so on the squared norm of the filters together, from N frequencies: a trigonometric polynomial of degree k − 1 is at most
    /// 1/cos(π(k − 1)/N) times its largest value among them (Ehlich and Zeller 1964, doi 10.1007/BF01111276).
    /// </summary>
    private static double Energy(Tensor part)
    {
        var (length, frequencies) = (part.shape[2], FrequencyFactor * part.shape[2]);
        var spectrum = fft.rfft(part.squeeze(1).to(ScalarType.Float64).cpu(), frequencies).abs().square();
        return spectrum.sum([0]).max().ToDouble() / Math.Cos(Math.PI * (length - 1) / frequencies);
    }
}
