using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// How clearly the scan asks for a change of the image at one place. Property value: the largest |s| over all pixels, where s is the score of a
/// disc around the pixel in standard deviations of the noise, s = ⟨Ab, (d − Ax)/σ²⟩/‖Ab/σ‖ with b the disc's image (Rao 1948, doi
/// 10.1017/S0305004100023987): a matched filter for what the image lacks or has too much of. No operator comes with it: it is a measure for
/// certificates, not a part of a model.
/// </summary>
/// <remarks>
/// <para>
/// Of the true image each s is a standard normal number, and the largest of thousands is between 3.5 and 5. A disc of height h added to the image
/// moves s there by h‖Ab/σ‖. The norm of the residual, in which a local change is one share in thousands, sees far less of it.
/// </para>
/// <para>‖Ab/σ‖² is taken as c·(Aᵀσ⁻²) at the pixel, with c such that it is exact for a disc in the middle and beams of equal noise.</para>
/// </remarks>
public sealed class LocalMisfitTerm : Term
{
    private readonly RadonOperator radon;
    private readonly double level;
    private readonly double floor;
    private readonly int reach;
    private readonly float[] disc;
    private readonly double energy;
    private readonly RowInput? target;
    private readonly RowInput? rowLevel;
    private readonly RowInput? dead;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="noiseLevel">Standard deviation of the noise relative to what a beam measures; positive.</param>
    /// <param name="noiseFloor">η &gt; 0 of σᵢ² = level²·(dᵢ² + η²·mean d²), as in <see cref="FidelityTerm.NoiseFloor"/>.</param>
    /// <param name="radius">Radius of the disc in pixels, at least 0; 0 for a single pixel.</param>
    /// <param name="target">The input that holds the scan; all of d when null.</param>
    /// <param name="rowLevel">An input with the noise level of each row, in the place of <paramref name="noiseLevel"/>; none when null.</param>
    /// <param name="dead">An input with 1 for beams that measured nothing, which have no part; none when null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range; the message names it.</exception>
    public LocalMisfitTerm(string name, RadonOperator radon, double noiseLevel, double noiseFloor = 0.1, double radius = 2, RowInput? target = null, RowInput? rowLevel = null, RowInput? dead = null)
        : base(name, radon)
    {
        Check.Positive(noiseLevel);
        Check.Positive(noiseFloor);
        Check.AtLeast(radius, 0.0);
        target?.CheckSize(radon.OutputSize, "what the operator gives", nameof(target));
        rowLevel?.CheckSize(1, "the noise level", nameof(rowLevel));
        dead?.CheckSize(radon.OutputSize, "what the operator gives", nameof(dead));
        (this.target, this.rowLevel, this.dead) = (target, rowLevel, dead);
        (this.radon, level, floor, reach) = (radon, noiseLevel, noiseFloor, (int)Math.Floor(radius));
        var side = Enumerable.Range(-reach, (2 * reach) + 1);
        disc = [.. side.SelectMany(row => side.Select(column => (row * row) + (column * column) <= radius * radius ? 1f : 0f))];

        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var middle = zeros(1, radon.InputSize, dtype: ScalarType.Float32);
        var place = (radon.Geometry.ImageSize / 2 * radon.Geometry.ImageSize) + (radon.Geometry.ImageSize / 2);
        middle[0, place] = 1;
        energy = radon.Apply(Discs(middle)).square().sum().ToDouble() / radon.ApplyAdjoint(ones(1, radon.OutputSize, dtype: ScalarType.Float32))[0, place].ToDouble();
    }

    /// <inheritdoc/>
    public override string Formula => "largest score of a change at one place, in standard deviations of the noise";

    /// <inheritdoc/>
    public override string Cause => "something at one place that the scan contradicts: a feature lost, invented or blurred, or wrong angles";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var (d, alive) = (target?.Of(data) ?? data, BeamNoise.Alive(dead, data));
        var precision = (rowLevel is null ? BeamNoise.Variance(d, level, floor, alive) : rowLevel.Of(data).square() * BeamNoise.Variance(d, 1, floor, alive)).reciprocal();
        if (alive is not null)
            precision = alive * precision;
        var score = Discs(radon.ApplyAdjoint((radon.Apply(x) - d) * precision));
        return (score * (energy * radon.ApplyAdjoint(precision)).rsqrt()).abs().amax([1]);
    }

    /// <summary>Sums over the disc around each pixel.</summary>
    private Tensor Discs(Tensor images)
    {
        var size = radon.Geometry.ImageSize;
        var kernel = tensor(disc, dtype: images.dtype, device: images.device).view(1, 1, (2 * reach) + 1, (2 * reach) + 1);
        return nn.functional.conv2d(images.view(-1, 1, size, size), kernel, padding: [reach, reach]).reshape(-1, radon.InputSize);
    }
}
