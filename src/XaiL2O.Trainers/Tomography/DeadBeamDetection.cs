using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Finds the beams of a scan that measured nothing, from the scan alone: readings of about 0 through the body, and readings far from those of the bins on both sides.
/// </summary>
/// <remarks>
/// Readings are compared with s, their 90 % quantile. A reading below a hundredth of s is empty. Dead are
/// <list type="bullet">
/// <item><description>the beams of an angle that has less than a tenth of the readings that the median angle has, since all projections of an image have the same sum;</description></item>
/// <item><description>the beams of a bin that is empty at every angle, where bins on both sides are not: the projection of a body has no such gap at every angle;</description></item>
/// <item><description>empty beams between readings of at least 0.4·s in the same projection;</description></item>
/// <item><description>readings below four tenths of what the bins on both sides have, where that is at least 0.4·s, or above twice that plus 0.5·s (medians of five bins on each side).</description></item>
/// </list>
/// Beams beside the body, in air, are empty and not dead. Dead bins at the very rim of what the body reaches look like air.
/// </remarks>
public static class DeadBeamDetection
{
    private const double Quantile = 0.9;
    private const double Empty = 0.01;
    private const double Strong = 0.1;
    private const double Inside = 0.4;
    private const double Low = 0.4;
    private const double High = 2;
    private const double HighMargin = 0.5;
    private const int Side = 5;
    private const int Middle = 3; // of the five, the median

    /// <summary>Beams that are looked at together: the neighbours of one take some hundred bytes.</summary>
    private const long BeamsTogether = 1 << 18;

    /// <summary>Passes of the interpolation, enough for gaps of some ten bins.</summary>
    private const int FillSteps = 150;

    /// <summary>What the two neighbouring angles weigh in the interpolation, relative to the two neighbouring bins: they are much further away.</summary>
    private const double AngleWeight = 0.1;

    /// <summary>Finds them.</summary>
    /// <param name="scans">Shape <c>[batch, beams]</c>, angle by angle.</param>
    /// <param name="geometry">The scan.</param>
    /// <returns>1 for dead beams, 0 elsewhere; shape <c>[batch, beams]</c>. Beams that are NaN are not among them.</returns>
    /// <exception cref="ArgumentException">There is another number of beams.</exception>
    public static Tensor Of(Tensor scans, ParallelBeamGeometry geometry)
    {
        ArgumentNullException.ThrowIfNull(scans);
        ArgumentNullException.ThrowIfNull(geometry);
        if (scans.dim() != 2 || scans.shape[1] != geometry.Beams)
            throw new ArgumentException($"Scans have shape [batch, {geometry.Beams}]; got [{string.Join(", ", scans.shape)}].", nameof(scans));
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        if (scans.shape[0] == 0)
            return zeros_like(scans).MoveToOuterDisposeScope();
        var rows = Math.Max(1, BeamsTogether / geometry.Beams);
        return cat([.. scans.split(rows).Select(part => Dead(part.view(-1, geometry.Angles, geometry.Bins)).flatten(1).to(scans.dtype))]).MoveToOuterDisposeScope();
    }

    /// <summary>Scans whose dead beams have values that are interpolated along the bins, and between angles where whole angles are dead.</summary>
    internal static Tensor Filled(Tensor scans, Tensor dead, ParallelBeamGeometry geometry)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var holes = dead.ge(0.5);
        var rows = holes.any(1).nonzero().squeeze(1);
        if (rows.shape[0] == 0)
            return scans.alias().MoveToOuterDisposeScope();
        var filled = scans.clone();
        var (d, hole) = (scans.index_select(0, rows).view(-1, geometry.Angles, geometry.Bins), holes.index_select(0, rows).view(-1, geometry.Angles, geometry.Bins));
        d = d.masked_fill(hole, 0);
        // What is not known yet has no part in the first passes.
        var known = hole.logical_not().to(d.dtype);
        for (var step = 0; step < FillSteps; step++)
        {
            using var pass = NewDisposeScope();
            using var before = d;
            using var knownBefore = known;
            var weight = Neighbours(known);
            d = where(hole, Neighbours(d * known) / weight.clamp_min(1e-30), d).MoveToOuterDisposeScope();
            known = known.maximum(weight.gt(0).to(d.dtype)).MoveToOuterDisposeScope();
        }

        return filled.index_copy_(0, rows, d.flatten(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Weighted sums over the two neighbouring bins and the two neighbouring angles; there are none beyond the edges.</summary>
    private static Tensor Neighbours(Tensor d)
    {
        var (angles, bins) = (d.shape[1], d.shape[2]);
        var sum = zeros_like(d);
        sum.narrow(2, 0, bins - 1).add_(d.narrow(2, 1, bins - 1));
        sum.narrow(2, 1, bins - 1).add_(d.narrow(2, 0, bins - 1));
        sum.narrow(1, 0, angles - 1).add_(d.narrow(1, 1, angles - 1), AngleWeight);
        sum.narrow(1, 1, angles - 1).add_(d.narrow(1, 0, angles - 1), AngleWeight);
        return sum;
    }

    /// <summary>Shape <c>[batch, angles, bins]</c>.</summary>
    private static Tensor Dead(Tensor d)
    {
        using var scope = NewDisposeScope();
        var readings = d.abs().flatten(1);
        var s = readings.kthvalue(Math.Max(1, (long)(Quantile * readings.shape[1])), 1, true).values.unsqueeze(2);
        var empty = d.le(Empty * s);

        var sums = d.clamp_min(0).sum(2, true);
        var lost = sums.le(0.1 * sums.kthvalue((sums.shape[1] + 1) / 2, 1, true).values);
        var strong = d.ge(Strong * s).any(1, true).to(ScalarType.Int64);
        var between = strong.cummax(2).values.gt(0).logical_and(strong.flip(2).cummax(2).values.flip(2).gt(0));
        var broken = empty.all(1, true).logical_and(between);

        var within = empty.logical_and(LastReading(d, empty).minimum(LastReading(d.flip(2), empty.flip(2)).flip(2)).ge(Inside * s));

        var windows = nn.functional.pad(d, [Side, Side], PaddingModes.Replicate).unfold(2, (2 * Side) + 1, 1);
        var (left, right) = (windows.narrow(3, 0, Side).kthvalue(Middle, 3).values, windows.narrow(3, Side + 1, Side).kthvalue(Middle, 3).values);
        var (least, most) = (left.minimum(right), left.maximum(right));
        var odd = d.lt(Low * least).logical_and(least.ge(Inside * s)).logical_or(d.gt((High * most) + (HighMargin * s)));
        return lost.logical_or(broken).logical_or(within).logical_or(odd).logical_and(s.gt(0)).MoveToOuterDisposeScope();
    }

    /// <summary>Of each beam the reading of the last bin before it that is not empty; −∞ where there is none.</summary>
    private static Tensor LastReading(Tensor d, Tensor empty)
    {
        var last = where(empty, -1, arange(d.shape[2], device: d.device)).cummax(2).values;
        return d.gather(2, last.clamp_min(0)).masked_fill(last.lt(0), double.NegativeInfinity);
    }
}
