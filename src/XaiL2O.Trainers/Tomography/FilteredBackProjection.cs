using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Filtered back-projection: each projection is filtered, then smeared back with linear interpolation between bins (Kak and Slaney,
/// <i>Principles of Computerized Tomographic Imaging</i>, 1988, chapter 3). Linear in the measurements.
/// </summary>
internal sealed class FilteredBackProjection
{
    private readonly ParallelBeamGeometry geometry;
    private readonly double lengthUnit;
    private readonly SparseMatrix smear;
    private readonly SparseMatrix smearTranspose;
    private readonly double[] response;
    private readonly int padded;

    /// <summary>Prepares filter and back-projection.</summary>
    /// <param name="radon">The operator that made the measurements.</param>
    /// <param name="filter">Filter.</param>
    /// <exception cref="ArgumentOutOfRangeException">The filter is not a <see cref="BackProjectionFilter"/>.</exception>
    public FilteredBackProjection(RadonOperator radon, BackProjectionFilter filter)
    {
        ArgumentNullException.ThrowIfNull(radon);
        Check.Defined(filter);
        (geometry, lengthUnit) = (radon.Geometry, radon.LengthUnit);
        padded = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(2 * geometry.Bins));
        response = Response(padded, filter);
        smear = SparseMatrix.FromRows(geometry.Pixels, geometry.Beams, Smear);
        smearTranspose = smear.Transposed();
    }

    /// <summary>Reconstructs images.</summary>
    /// <param name="measurements">Shape <c>[batch, beams]</c>, in the units of <see cref="RadonOperator"/>.</param>
    /// <returns>Shape <c>[batch, pixels]</c>; not clamped.</returns>
    public Tensor Apply(Tensor measurements)
    {
        ArgumentNullException.ThrowIfNull(measurements);
        using var scope = NewDisposeScope();
        var projections = measurements.view(-1, geometry.Angles, geometry.Bins);
        var spectrum = fft.rfft(projections, padded) * tensor(response).to(measurements.dtype).to(measurements.device);
        var filtered = fft.irfft(spectrum, padded).slice(2, 0, geometry.Bins, 1).reshape(-1, geometry.Beams);
        // Back to line integrals in pixels; the sampled filter is per bin width.
        var scaled = filtered * (Math.PI / geometry.Angles / (lengthUnit * geometry.BinWidth));
        return SparseProduct.Of(smear, smearTranspose, scaled.cpu()).to(measurements.device).MoveToOuterDisposeScope();
    }

    /// <summary>The transform of the ramp filter sampled in space, which has the right mean, times the window.</summary>
    private static double[] Response(int length, BackProjectionFilter filter)
    {
        using var scope = NewDisposeScope();
        var kernel = new double[length];
        kernel[0] = 0.25;
        for (var n = 1; n < length; n += 2)
        {
            var distance = Math.Min(n, length - n);
            kernel[n] = -1 / (Math.PI * Math.PI * distance * distance);
        }

        var ramp = fft.rfft(tensor(kernel)).real.contiguous().data<double>().ToArray();
        for (var k = 1; k < ramp.Length; k++)
        {
            var f = 2.0 * k / length;
            ramp[k] *= filter switch
            {
                BackProjectionFilter.SheppLogan => Math.Sin(Math.PI * f / 2) / (Math.PI * f / 2),
                BackProjectionFilter.Hann => (1 + Math.Cos(Math.PI * f)) / 2,
                _ => 1,
            };
        }

        return ramp;
    }

    private void Smear(int pixel, List<int> indices, List<float> values)
    {
        var centre = (geometry.ImageSize - 1) / 2.0;
        var (x, y) = ((pixel % geometry.ImageSize) - centre, centre - (pixel / geometry.ImageSize));
        for (var angle = 0; angle < geometry.Angles; angle++)
        {
            var θ = geometry.Angle(angle);
            var position = (((x * Math.Cos(θ)) + (y * Math.Sin(θ))) / geometry.BinWidth) + ((geometry.Bins - 1) / 2.0);
            var bin = (int)Math.Floor(position);
            foreach (var (at, weight) in new[] { (bin, bin + 1 - position), (bin + 1, position - bin) })
            {
                if (at < 0 || at >= geometry.Bins || weight == 0)
                    continue;
                indices.Add((angle * geometry.Bins) + at);
                values.Add((float)weight);
            }
        }
    }
}
