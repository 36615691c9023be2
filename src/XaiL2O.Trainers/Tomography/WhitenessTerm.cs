using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Whether what an image leaves of its scan looks like noise. Property value: max(0, ρ), with ρ = Σ zᵢzᵢ₊₁/Σ zᵢ² the autocorrelation of the
/// normalised residual zᵢ = (Ax − d)ᵢ/σᵢ between neighbouring bins of a projection; 0 where nothing is left. No operator comes with it: it is a
/// measure for certificates, not a part of a model.
/// </summary>
/// <remarks>
/// The noise of beams is independent, so ρ of the true image is about 0, with a standard deviation of 1/√beams. Structure of the body that an image
/// lacks, or has too much of, leaves residuals of one sign in neighbouring bins. Negative ρ is not counted: a reconstruction explains a part of the
/// noise, and what it leaves alternates more than noise does. ρ does not depend on how strong the noise is. It is 1 − ½·(the statistic of Durbin and
/// Watson 1950, doi 10.1093/biomet/37.3-4.409), up to the ends of projections.
/// </remarks>
public sealed class WhitenessTerm : Term
{
    /// <summary>Below every energy that occurs, so that 0/0 is 0.</summary>
    private const double Tiny = 1e-30;

    private readonly RadonOperator radon;
    private readonly double floor;
    private readonly RowInput? target;
    private readonly RowInput? dead;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="noiseFloor">η &gt; 0 of σᵢ² ∝ dᵢ² + η²·mean d², as in <see cref="FidelityTerm.NoiseFloor"/>.</param>
    /// <param name="target">The input that holds the scan; all of d when null.</param>
    /// <param name="dead">An input with 1 for beams that measured nothing, which have no part; none when null.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="noiseFloor"/> is not positive.</exception>
    public WhitenessTerm(string name, RadonOperator radon, double noiseFloor = 0.1, RowInput? target = null, RowInput? dead = null)
        : base(name, radon)
    {
        Check.Positive(noiseFloor);
        target?.CheckSize(radon.OutputSize, "what the operator gives", nameof(target));
        dead?.CheckSize(radon.OutputSize, "what the operator gives", nameof(dead));
        (this.radon, floor, this.target, this.dead) = (radon, noiseFloor, target, dead);
    }

    /// <inheritdoc/>
    public override string Formula => "positive correlation of neighbouring bins in Ax − d";

    /// <inheritdoc/>
    public override string Cause => "structure that the image lacks or invents: too smooth a reconstruction, a scan with other noise than trained for, or wrong angles";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (d, alive) = (target?.Of(data) ?? data, BeamNoise.Alive(dead, data));
        var residual = (radon.Apply(x) - d) * BeamNoise.Variance(d, 1, floor, alive).rsqrt();
        var z = (alive is null ? residual : alive * residual).view(-1, radon.Geometry.Angles, radon.Geometry.Bins);
        var neighbours = z.slice(2, 0, radon.Geometry.Bins - 1, 1) * z.slice(2, 1, radon.Geometry.Bins, 1);
        return (neighbours.sum([1, 2]) / z.square().sum([1, 2]).clamp_min(Tiny)).clamp_min(0);
    }
}
