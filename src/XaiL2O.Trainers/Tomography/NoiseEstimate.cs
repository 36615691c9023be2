using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Estimates the noise level of a scan from the scan alone: the standard deviation, relative to what a beam measures, of noise that is proportional to it and independent from beam to beam.
/// </summary>
/// <remarks>
/// <para>
/// Differences of eighth order between neighbouring bins of a projection cancel what is smooth in it. What they leave is noise, of standard deviation σdᵢ, and texture of the body finer than
/// a few bins. Texture adds up along the beam, so that its variance is proportional to the length of the path, and roughly to dᵢ, where that of the noise is to dᵢ². Two numbers are
/// fitted to the squares rᵢ² of the differences, with (cₖ) the coefficients and dᵢₖ the bins that a difference takes,
/// </para>
/// <code>
/// E rᵢ² = σ² Σₖ cₖ²dᵢₖ² + τ² m Σₖ cₖ²dᵢₖ
/// </code>
/// <para>
/// by reweighted least squares (m the root mean square of d). Squares beyond the 99 % quantile of their normal distribution are edges, of bones and of the body, and are left out. τ has a
/// prior, worth a hundredth of the beams, since small and large dᵢ are not always both there. Beams below three tenths of m count as passing beside the body.
/// </para>
/// <para>
/// Noise far below the texture, half a percent on chest slices, is hardly told from it. Errors that are smooth along a projection, such as wrong angles, are no noise and are not counted.
/// </para>
/// </remarks>
public static class NoiseEstimate
{
    /// <summary>The smallest level that is told from none.</summary>
    public const double Smallest = 1e-4;

    private const int Steps = 12;

    /// <summary>Beams that are looked at together: what is computed of one takes some two kilobytes.</summary>
    private const long BeamsTogether = 1 << 16;

    private const double LeastShare = 0.3;
    private const double TypicalTexture = 0.005;
    private const double PriorBeams = 400;

    /// <summary>The 99 % quantile of χ² with one degree of freedom, and the mean of what is below it.</summary>
    private const double Cut = 6.635;
    private const double MeanBelowCut = 0.92476;

    /// <summary>Binomial coefficients with alternating signs.</summary>
    private static readonly double[] Difference = [1, -8, 28, -56, 70, -56, 28, -8, 1];

    /// <summary>Estimates.</summary>
    /// <param name="scans">Shape <c>[batch, beams]</c>, angle by angle.</param>
    /// <param name="geometry">The scan; at least nine bins.</param>
    /// <param name="dead">1 for beams that measured nothing, shape of the scans; differences that take one are left out. None when null.</param>
    /// <returns>Shape <c>[batch, 1]</c>, at least <see cref="Smallest"/>; NaN of rows that hold NaN.</returns>
    /// <exception cref="ArgumentException">There are fewer than nine bins, or another number of beams.</exception>
    public static Tensor Of(Tensor scans, ParallelBeamGeometry geometry, Tensor? dead = null)
    {
        ArgumentNullException.ThrowIfNull(scans);
        ArgumentNullException.ThrowIfNull(geometry);
        Check(geometry);
        if (scans.dim() != 2 || scans.shape[1] != geometry.Beams)
            throw new ArgumentException($"Scans have shape [batch, {geometry.Beams}]; got [{string.Join(", ", scans.shape)}].", nameof(scans));
        if (dead is not null && !dead.shape.SequenceEqual(scans.shape))
            throw new ArgumentException($"Dead beams have the shape of the scans, [{string.Join(", ", scans.shape)}]; got [{string.Join(", ", dead.shape)}].", nameof(dead));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var rows = Math.Max(1, BeamsTogether / geometry.Beams);
        Tensor[] levels = scans.shape[0] == 0 ? [] : [.. scans.split(rows).Zip((IEnumerable<Tensor?>?)dead?.split(rows) ?? Enumerable.Repeat<Tensor?>(null, (int)scans.shape[0]), (part, lost) => Levels(part, lost, geometry))];
        return (levels.Length == 0 ? scans.new_empty(0, 1) : cat(levels)).MoveToOuterDisposeScope();
    }

    private static Tensor Levels(Tensor scans, Tensor? dead, ParallelBeamGeometry geometry)
    {
        using var scope = NewDisposeScope();
        var d = scans.to(ScalarType.Float64).view(-1, geometry.Angles, geometry.Bins);
        d = d / d.square().mean([1, 2], true).sqrt().clamp_min(1e-30);
        Tensor Sum(Func<double, double> factor, Tensor values) =>
            Difference.Select((c, k) => factor(c) * values.slice(2, k, k + geometry.Bins - Difference.Length + 1, 1)).Aggregate((a, b) => a + b).flatten(1);
        var variance = Sum(c => c * c, d.square()).clamp_min(1e-30);
        var squares = Sum(c => c, d).square() / variance;
        var beside = Sum(c => Math.Abs(c), d.lt(LeastShare).to(ScalarType.Float64)).gt(0);
        if (dead is not null)
            beside = beside.logical_or(Sum(c => Math.Abs(c), dead.view(d.shape).to(ScalarType.Float64)).gt(0));
        var inside = beside.logical_not().to(ScalarType.Float64);
        var path = inside * Sum(c => c * c, d.clamp_min(0)) / variance;
        var (σ2, τ2) = (full_like(squares.narrow(1, 0, 1), 0.01 * 0.01), full_like(squares.narrow(1, 0, 1), TypicalTexture * TypicalTexture));
        for (var step = 0; step < Steps; step++)
        {
            var fit = σ2 + (τ2 * path);
            var weights = inside * squares.le(Cut * fit).to(ScalarType.Float64) / fit.square();
            var prior = PriorBeams / fit.square().mean([1], true);
            var (a, b, c) = (weights.sum(1, true).clamp_min(1e-30), (weights * path).sum(1, true), (weights * path.square()).sum(1, true) + prior);
            var (y, z) = ((weights * squares).sum(1, true) / MeanBelowCut, ((weights * path * squares).sum(1, true) / MeanBelowCut) + (prior * TypicalTexture * TypicalTexture));
            τ2 = (((a * z) - (b * y)) / ((a * c) - (b * b))).clamp_min(0);
            σ2 = ((y - (b * τ2)) / a).clamp_min(Smallest * Smallest);
        }

        return σ2.sqrt().to(scans.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Throws where a scan has too few bins.</summary>
    internal static void Check(ParallelBeamGeometry geometry)
    {
        if (geometry.Bins < Difference.Length)
            throw new ArgumentException($"The noise level is estimated from differences of {Difference.Length} neighbouring bins; the scan has {geometry.Bins}. Give it as a column, {nameof(NoiseSource)}.{nameof(NoiseSource.Column)}.", nameof(geometry));
    }
}
