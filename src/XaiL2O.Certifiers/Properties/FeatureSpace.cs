namespace XaiL2O.Certifiers;

/// <summary>Maps rows of features to a space whose Euclidean distance is the one that counts; made from known rows.</summary>
internal sealed class FeatureSpace
{
    /// <summary>Added to the diagonal of the correlation matrix: combinations that never varied among the known rows do not decide alone.</summary>
    private const double Ridge = 1e-6;

    private readonly double[] mean;
    private readonly double[] deviation;
    private readonly bool[] varies = [];
    private readonly double[]? factor; // L of the correlation matrix LLᵀ, row by row

    /// <param name="rows">Known rows, one after the other; finite.</param>
    /// <param name="width">Features of a row.</param>
    /// <param name="scaling">The units.</param>
    public FeatureSpace(double[] rows, int width, FeatureScaling scaling)
    {
        (Width, mean, deviation) = (width, new double[width], new double[width]);
        Array.Fill(deviation, 1);
        if (scaling == FeatureScaling.None)
            return;
        var count = rows.Length / width;
        varies = new bool[width];
        for (var j = 0; j < width; j++)
        {
            // From the first row, of which a constant differs by exactly 0, and without the largest difference, since squares of large numbers leave the range.
            var (largest, sum) = (0.0, 0.0);
            for (var i = j; i < rows.Length; i += width)
                (largest, sum) = (Math.Max(largest, Math.Abs(rows[i] - rows[j])), sum + ((rows[i] - rows[j]) / count));
            mean[j] = rows[j] + sum;
            if (!(varies[j] = largest > 0))
                continue;
            sum = 0;
            for (var i = j; i < rows.Length; i += width)
                sum += Math.Pow((rows[i] - mean[j]) / largest, 2) / count;
            deviation[j] = largest * Math.Sqrt(sum);
        }

        if (scaling == FeatureScaling.Whitened)
            factor = Cholesky(rows, count);
    }

    public int Width { get; }

    /// <summary>Writes the row's place.</summary>
    /// <param name="row">Features.</param>
    /// <param name="result">As long, may be the row itself.</param>
    public void Map(ReadOnlySpan<double> row, Span<double> result)
    {
        for (var j = 0; j < Width; j++)
            result[j] = (row[j] - mean[j]) / deviation[j];
        if (factor is null)
            return;
        // Forward substitution, L⁻¹z.
        for (var i = 0; i < Width; i++)
        {
            var sum = result[i];
            for (var j = 0; j < i; j++)
                sum -= factor[(i * Width) + j] * result[j];
            result[i] = sum / factor[(i * Width) + i];
        }
    }

    private double[] Cholesky(double[] rows, int count)
    {
        var (n, correlation) = (Width, new double[Width * Width]);
        var z = new double[n];
        for (var r = 0; r < count; r++)
        {
            for (var j = 0; j < n; j++)
                z[j] = (rows[(r * n) + j] - mean[j]) / deviation[j];
            for (var i = 0; i < n; i++)
                for (var j = 0; j <= i; j++)
                    correlation[(i * n) + j] += z[i] * z[j] / count;
        }

        for (var i = 0; i < n; i++)
        {
            // A feature that never varied is its own combination.
            correlation[(i * n) + i] = varies[i] ? correlation[(i * n) + i] + Ridge : 1;
            for (var j = 0; j <= i; j++)
            {
                var sum = correlation[(i * n) + j];
                for (var k = 0; k < j; k++)
                    sum -= correlation[(i * n) + k] * correlation[(j * n) + k];
                correlation[(i * n) + j] = i == j ? Math.Sqrt(Math.Max(sum, Ridge * Ridge)) : sum / correlation[(j * n) + j];
            }
        }

        return correlation;
    }
}
