using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>The property values of certificates as plain mathematics: at least 0, small is good, NaN where the argument holds NaN.</summary>
/// <remarks>Source: Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103 (2023), doi 10.1038/s41598-023-36249-3.</remarks>
public static class PropertyMath
{
    /// <summary>What probabilities may miss of summing to 1 before they are refused.</summary>
    private const double SimplexTolerance = 1e-3;

    /// <summary>‖x‖₀: how many entries are larger than a tolerance in magnitude.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="tolerance">At least 0.</param>
    public static double Nonzeros(ReadOnlySpan<double> x, double tolerance = 0)
    {
        var count = 0;
        foreach (var value in x)
        {
            if (double.IsNaN(value))
                return double.NaN;
            count += Math.Abs(value) > tolerance ? 1 : 0;
        }

        return count;
    }

    /// <summary>‖x‖₁.</summary>
    /// <param name="x">Any length.</param>
    public static double L1Norm(ReadOnlySpan<double> x) => x.IsEmpty ? 0 : TensorPrimitives.SumOfMagnitudes(x);

    /// <summary>‖x − y‖₂.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="y">The same length.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        RequireSameLength(x, y);
        return x.IsEmpty ? 0 : TensorPrimitives.Distance(x, y);
    }

    /// <summary>‖y − d‖/‖d‖; 0 where both norms are 0 and ∞ where only the second is.</summary>
    /// <param name="y">What the inference predicts of the measurements, y = Ax.</param>
    /// <param name="d">Measurements.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double RelativeError(ReadOnlySpan<double> y, ReadOnlySpan<double> d)
    {
        var error = Distance(y, d);
        return error == 0 ? 0 : error / TensorPrimitives.Norm(d);
    }

    /// <summary>Σ|x_{i+1} − x_i|.</summary>
    /// <param name="x">A signal.</param>
    public static double TotalVariation(ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        for (var i = 1; i < x.Length; i++)
            sum += Math.Abs(x[i] - x[i - 1]);
        return x.Length == 1 && !double.IsFinite(x[0]) ? double.NaN : sum;
    }

    /// <summary>Total variation of an image by forward differences, which are 0 across the border.</summary>
    /// <param name="x">height·width values, row by row.</param>
    /// <param name="height">At least 1.</param>
    /// <param name="width">At least 1.</param>
    /// <param name="kind">Isotropic or anisotropic.</param>
    /// <exception cref="ArgumentException">The length is not height·width.</exception>
    public static double TotalVariation(ReadOnlySpan<double> x, int height, int width, TotalVariationKind kind)
    {
        if (height < 1 || width < 1 || (long)height * width != x.Length)
            throw new ArgumentException($"An image of {height}×{width} has {(long)height * width} values; got {x.Length}.", nameof(x));
        if (x.Length == 1)
            return double.IsFinite(x[0]) ? 0 : double.NaN;
        var sum = 0.0;
        for (var i = 0; i < height; i++)
        {
            var row = x.Slice(i * width, width);
            var below = i + 1 < height ? x.Slice((i + 1) * width, width) : row;
            for (var j = 0; j < width; j++)
            {
                var down = below[j] - row[j];
                var right = j + 1 < width ? row[j + 1] - row[j] : 0;
                sum += kind == TotalVariationKind.Isotropic ? Math.Sqrt((down * down) + (right * right)) : Math.Abs(down) + Math.Abs(right);
            }
        }

        return sum;
    }

    /// <summary>1 − max xᵢ: what a classifier's probabilities lack of a one-hot vector. NaN unless they are probabilities.</summary>
    /// <param name="x">In the unit simplex up to 1e-3.</param>
    public static double ShortOfOneHot(ReadOnlySpan<double> x)
    {
        if (x.IsEmpty || !(TensorPrimitives.Min(x) >= -SimplexTolerance) || !(Math.Abs(TensorPrimitives.Sum(x) - 1) <= SimplexTolerance))
            return double.NaN;
        return Math.Max(0, 1 - TensorPrimitives.Max(x));
    }

    /// <summary>‖x − prox(x)‖.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="proximal">The proximal.</param>
    public static double ProximalResidual(ReadOnlySpan<double> x, VectorMap proximal)
    {
        ArgumentNullException.ThrowIfNull(proximal);
        using var room = new Scratch(x.Length);
        proximal(x, room.Span);
        return Distance(x, room.Span);
    }

    private static void RequireSameLength(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"Two vectors of the same length are needed; got {x.Length} and {y.Length} values.", nameof(y));
    }
}
