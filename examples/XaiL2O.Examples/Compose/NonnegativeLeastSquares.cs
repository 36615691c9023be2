namespace XaiL2O.Examples;

/// <summary>
/// argmin_{x ≥ 0} ‖Ex − d‖ by the active-set method of Lawson and Hanson (<i>Solving Least Squares Problems</i>, 1974, chapter 23), which ends at the exact
/// solution; double precision. The baseline of unmixing.
/// </summary>
internal sealed class NonnegativeLeastSquares
{
    private const double Tolerance = 1e-10;

    private readonly float[,] matrix;
    private readonly double[,] gram;

    public NonnegativeLeastSquares(float[,] matrix)
    {
        this.matrix = matrix;
        var n = matrix.GetLength(1);
        gram = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                for (var b = 0; b < matrix.GetLength(0); b++)
                    gram[i, j] += (double)matrix[b, i] * matrix[b, j];
            }
        }
    }

    public float[] Solve(ReadOnlySpan<float> d)
    {
        var n = gram.GetLength(0);
        var right = new double[n];
        for (var i = 0; i < n; i++)
        {
            for (var b = 0; b < d.Length; b++)
                right[i] += (double)matrix[b, i] * d[b];
        }

        var x = new double[n];
        var passive = new List<int>();
        var scale = right.Max(Math.Abs);
        while (true)
        {
            // The multiplier of x_i ≥ 0; where it is positive, x_i wants to grow.
            double Slope(int i) => right[i] - Enumerable.Range(0, n).Sum(j => gram[i, j] * x[j]);
            var entering = Enumerable.Range(0, n).Except(passive).OrderByDescending(Slope).FirstOrDefault(-1);
            if (entering < 0 || Slope(entering) <= Tolerance * scale)
                return Array.ConvertAll(x, v => (float)v);
            passive.Add(entering);
            while (true)
            {
                var s = SolveOn(passive, right);
                if (s.All(v => v > 0))
                {
                    Array.Clear(x);
                    for (var k = 0; k < s.Length; k++)
                        x[passive[k]] = s[k];
                    break;
                }

                // As far towards s as x stays nonnegative; what reaches 0 leaves.
                var step = Enumerable.Range(0, s.Length).Where(k => s[k] <= 0).Min(k => x[passive[k]] / (x[passive[k]] - s[k]));
                for (var k = 0; k < s.Length; k++)
                    x[passive[k]] += step * (s[k] - x[passive[k]]);
                foreach (var i in passive.Where(i => x[i] <= Tolerance).ToArray())
                {
                    x[i] = 0;
                    passive.Remove(i);
                }
            }
        }
    }

    /// <summary>Gaussian elimination on the normal equations of the passive columns.</summary>
    private double[] SolveOn(List<int> passive, double[] right)
    {
        var n = passive.Count;
        var rows = passive.Select(i => (double[])[.. passive.Select(j => gram[i, j]), right[i]]).ToArray();
        for (var k = 0; k < n; k++)
        {
            var pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(rows[i][k]));
            (rows[k], rows[pivot]) = (rows[pivot], rows[k]);
            for (var i = 0; i < n; i++)
            {
                if (i == k)
                    continue;
                var factor = rows[i][k] / rows[k][k];
                for (var j = k; j <= n; j++)
                    rows[i][j] -= factor * rows[k][j];
            }
        }

        return [.. Enumerable.Range(0, n).Select(i => rows[i][n] / rows[i][i])];
    }
}
