using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>
/// The property values of certificates as plain mathematics: at least 0, and never finite where an argument holds NaN or ∞ or is empty, so that what
/// is broken or missing fails.
/// </summary>
/// <remarks>
/// Norms neither overflow nor vanish where squares of the entries would, so no error is 0 because it is tiny, and none is divided by an ∞ that is
/// none. Source: Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103 (2023), doi 10.1038/s41598-023-36249-3.
/// </remarks>
internal static class PropertyMath
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
            // ∞ would count as one entry like any other, and an overflow would look sparse.
            if (!double.IsFinite(value))
                return double.NaN;
            count += Math.Abs(value) > tolerance ? 1 : 0;
        }

        return x.IsEmpty ? double.NaN : count;
    }

    /// <summary>‖x‖₁.</summary>
    /// <param name="x">Any length.</param>
    public static double L1Norm(ReadOnlySpan<double> x) => x.IsEmpty ? double.NaN : TensorPrimitives.SumOfMagnitudes(x);

    /// <summary>‖x − y‖₂.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="y">The same length.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Distance(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        RequireSameLength(x, y);
        if (x.IsEmpty)
            return double.NaN;
        var distance = TensorPrimitives.Distance(x, y);
        if (IsExact(distance))
            return distance;
        using var room = new Scratch(x.Length);
        TensorPrimitives.Subtract(x, y, room.Span);
        return Norm(room.Span);
    }

    /// <summary>‖y − d‖/‖d‖; 0 where both norms are 0, ∞ where only the second is, and NaN where the second is larger than any number.</summary>
    /// <param name="y">What the inference predicts of the measurements, y = Ax.</param>
    /// <param name="d">Measurements.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double RelativeError(ReadOnlySpan<double> y, ReadOnlySpan<double> d)
    {
        var error = Distance(y, d);
        if (error == 0)
            return 0;
        var size = d.IsEmpty ? double.NaN : Norm(d);
        return double.IsInfinity(size) ? double.NaN : error / size;
    }

    /// <summary>Σ|x_{i+1} − x_i|.</summary>
    /// <param name="x">A signal.</param>
    public static double TotalVariation(ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        for (var i = 1; i < x.Length; i++)
            sum += Math.Abs(x[i] - x[i - 1]);
        // A single value has no difference in which it could show that it is not finite.
        return x.IsEmpty || (x.Length == 1 && !double.IsFinite(x[0])) ? double.NaN : sum;
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
                sum += kind == TotalVariationKind.Isotropic ? double.Hypot(down, right) : Math.Abs(down) + Math.Abs(right);
            }
        }

        return sum;
    }

    /// <summary>The probabilities of classes; of one number, those of the second and the first of two classes.</summary>
    /// <param name="x">Scores: probabilities in the unit simplex up to 1e-3, or one number in [0, 1] up to 1e-3; or any finite logits.</param>
    /// <param name="scores">What they are.</param>
    /// <param name="probabilities">Receives as many as there are scores, or two.</param>
    /// <returns>Whether they are such scores.</returns>
    public static bool Probabilities(ReadOnlySpan<double> x, ClassScores scores, Span<double> probabilities)
    {
        if (x.IsEmpty || !TensorPrimitives.IsFiniteAll(x))
            return false;
        if (scores == ClassScores.Logits)
        {
            // Of one number x: softmax of (x, 0).
            probabilities[1] = 0;
            x.CopyTo(probabilities);
            var all = probabilities[..Math.Max(2, x.Length)];
            TensorPrimitives.Subtract(all, TensorPrimitives.Max<double>(all), all);
            TensorPrimitives.SoftMax(all, all);
            return true;
        }

        if (x.Length == 1)
        {
            (probabilities[0], probabilities[1]) = (x[0], 1 - x[0]);
            return x[0] >= -SimplexTolerance && x[0] <= 1 + SimplexTolerance;
        }

        x.CopyTo(probabilities);
        return TensorPrimitives.Min(x) >= -SimplexTolerance && Math.Abs(TensorPrimitives.Sum(x) - 1) <= SimplexTolerance;
    }

    /// <summary>min xᵢ of distances; what rounding makes of 0 counts as 0. NaN unless they are distances.</summary>
    /// <param name="x">Finite, and at least 0 up to 1e-6 of the largest.</param>
    public static double SmallestDistance(ReadOnlySpan<double> x)
    {
        var smallest = x.IsEmpty ? double.NaN : TensorPrimitives.Min(x);
        var largest = x.IsEmpty ? double.NaN : TensorPrimitives.Max(x);
        return double.IsFinite(smallest) && double.IsFinite(largest) && smallest >= -1e-6 * largest ? Math.Max(0, smallest) : double.NaN;
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

    /// <summary>‖x‖₂ of a vector that is not empty.</summary>
    internal static double Norm(ReadOnlySpan<double> x)
    {
        var norm = TensorPrimitives.Norm(x);
        if (IsExact(norm))
            return norm;
        var largest = TensorPrimitives.MaxMagnitude(x);
        largest = Math.Abs(largest);
        if (largest == 0 || !double.IsFinite(largest))
            return largest;
        using var room = new Scratch(x.Length);
        TensorPrimitives.Divide(x, largest, room.Span);
        return largest * TensorPrimitives.Norm(room.Span);
    }

    /// <summary>Whether a norm is NaN, or so large and small that no square overflowed or vanished with a part in it.</summary>
    private static bool IsExact(double norm) => double.IsNaN(norm) || norm is > 1e-140 and < double.PositiveInfinity;

    private static void RequireSameLength(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException($"Two vectors of the same length are needed; got {x.Length} and {y.Length} values.", nameof(y));
    }
}
