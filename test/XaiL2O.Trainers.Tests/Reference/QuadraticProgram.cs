namespace XaiL2O.Trainers.Tests;

/// <summary>
/// min ½xᵀQx + cᵀx s.t. Ex = f, xᵢ ≥ 0 for i in a set, by Mehrotra's predictor–corrector interior-point method (doi 10.1137/0802028) in plain
/// arrays: shares no code and no idea with the splittings it judges.
/// </summary>
internal static class QuadraticProgram
{
    private const int MaxIterations = 200;

    /// <summary>Solves; the complementarity at the end is about 1e-12 of the problem's scale.</summary>
    /// <param name="Q">n×n, symmetric, positive semidefinite; null for 0.</param>
    /// <param name="c">n.</param>
    /// <param name="E">m rows of n.</param>
    /// <param name="f">m.</param>
    /// <param name="nonnegative">Which entries of x are bounded below by 0.</param>
    public static double[] Solve(double[][]? Q, double[] c, double[][] E, double[] f, bool[] nonnegative)
    {
        var (n, m) = (c.Length, f.Length);
        var bounded = Enumerable.Range(0, n).Where(i => nonnegative[i]).ToArray();
        var (x, y, z) = (new double[n], new double[m], new double[n]);
        var scale = 1 + Math.Max(c.Select(Math.Abs).DefaultIfEmpty().Max(), f.Select(Math.Abs).DefaultIfEmpty().Max());
        foreach (var i in bounded)
            (x[i], z[i]) = (scale, scale);
        for (var iteration = 0; iteration < MaxIterations; iteration++)
        {
            var dual = new double[n]; // Qx + c − Eᵀy − z
            for (var i = 0; i < n; i++)
            {
                dual[i] = c[i] - z[i];
                if (Q is not null)
                    for (var j = 0; j < n; j++)
                        dual[i] += Q[i][j] * x[j];
                for (var k = 0; k < m; k++)
                    dual[i] -= E[k][i] * y[k];
            }

            var primal = Enumerable.Range(0, m).Select(k => Dot(E[k], x) - f[k]).ToArray();
            var μ = bounded.Length == 0 ? 0 : bounded.Sum(i => x[i] * z[i]) / bounded.Length;
            if (μ < 1e-13 * scale && dual.Max(Math.Abs) < 1e-11 * scale && primal.Select(Math.Abs).DefaultIfEmpty().Max() < 1e-11 * scale)
                break;

            // [Q + Z/X, −Eᵀ; E, 0] with a trace of regularisation, factorised once for both directions.
            var K = new double[n + m][];
            for (var i = 0; i < n + m; i++)
                K[i] = new double[n + m];
            for (var i = 0; i < n; i++)
            {
                if (Q is not null)
                    Array.Copy(Q[i], K[i], n);
                K[i][i] += (nonnegative[i] ? z[i] / x[i] : 0) + 1e-13;
                for (var k = 0; k < m; k++)
                    (K[i][n + k], K[n + k][i]) = (-E[k][i], E[k][i]);
            }

            for (var k = 0; k < m; k++)
                K[n + k][n + k] = 1e-13;
            var pivots = Factorise(K);
            (double[] Dx, double[] Dy, double[] Dz) Direction(Func<int, double> complement)
            {
                var right = new double[n + m];
                for (var i = 0; i < n; i++)
                    right[i] = -dual[i] + (nonnegative[i] ? complement(i) / x[i] : 0);
                for (var k = 0; k < m; k++)
                    right[n + k] = -primal[k];
                var step = Substitute(K, pivots, right);
                var dz = new double[n];
                foreach (var i in bounded)
                    dz[i] = (complement(i) - (z[i] * step[i])) / x[i];
                return (step[..n], step[n..], dz);
            }

            double Length(double[] dx, double[] dz) => bounded.Select(i => Math.Min(dx[i] < 0 ? -x[i] / dx[i] : 1, dz[i] < 0 ? -z[i] / dz[i] : 1)).DefaultIfEmpty(1).Min() is var a ? Math.Min(1, a) : 1;
            var (px, _, pz) = Direction(i => -x[i] * z[i]);
            var reach = Length(px, pz);
            var ahead = bounded.Length == 0 ? 0 : bounded.Sum(i => (x[i] + (reach * px[i])) * (z[i] + (reach * pz[i]))) / bounded.Length;
            var σ = μ > 0 ? Math.Pow(ahead / μ, 3) : 0;
            var (dx, dy, dzFinal) = Direction(i => (σ * μ) - (x[i] * z[i]) - (px[i] * pz[i]));
            var t = Math.Min(1, 0.995 * Length(dx, dzFinal));
            for (var i = 0; i < n; i++)
                (x[i], z[i]) = (x[i] + (t * dx[i]), z[i] + (t * dzFinal[i]));
            for (var k = 0; k < m; k++)
                y[k] += t * dy[k];
        }

        return x;
    }

    public static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    /// <summary>LU with row exchanges, in place.</summary>
    private static int[] Factorise(double[][] A)
    {
        var n = A.Length;
        var pivots = new int[n];
        for (var k = 0; k < n; k++)
        {
            var best = k;
            for (var i = k + 1; i < n; i++)
                if (Math.Abs(A[i][k]) > Math.Abs(A[best][k]))
                    best = i;
            (A[k], A[best], pivots[k]) = (A[best], A[k], best);
            for (var i = k + 1; i < n; i++)
            {
                var factor = A[i][k] /= A[k][k];
                if (factor != 0)
                    for (var j = k + 1; j < n; j++)
                        A[i][j] -= factor * A[k][j];
            }
        }

        return pivots;
    }

    private static double[] Substitute(double[][] LU, int[] pivots, double[] right)
    {
        var n = LU.Length;
        for (var k = 0; k < n; k++)
            (right[k], right[pivots[k]]) = (right[pivots[k]], right[k]);
        for (var k = 0; k < n; k++)
            for (var j = 0; j < k; j++)
                right[k] -= LU[k][j] * right[j];
        for (var k = n - 1; k >= 0; k--)
        {
            for (var j = k + 1; j < n; j++)
                right[k] -= LU[k][j] * right[j];
            right[k] /= LU[k][k];
        }

        return right;
    }
}
