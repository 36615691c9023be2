using System.Numerics.Tensors;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// min ½xᵀQx + cᵀx s.t. Ex = f, xᵢ ≥ 0 for i in a set, by Mehrotra's predictor–corrector interior-point method (doi 10.1137/0802028) in plain
/// arrays: shares no code and no idea with the splittings it judges.
/// </summary>
internal static class InteriorPoint
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
                dual[i] = c[i] - z[i] + (Q is null ? 0 : Dot(Q[i], x));
            for (var k = 0; k < m; k++)
                TensorPrimitives.MultiplyAdd(E[k], -y[k], dual, dual);

            var primal = Enumerable.Range(0, m).Select(k => Dot(E[k], x) - f[k]).ToArray();
            var μ = bounded.Length == 0 ? 0 : bounded.Sum(i => x[i] * z[i]) / bounded.Length;
            if (μ < 1e-13 * scale && dual.Max(Math.Abs) < 1e-11 * scale && primal.Select(Math.Abs).DefaultIfEmpty().Max() < 1e-11 * scale)
                break;

            var system = new NewtonSystem(Q, E, [.. Enumerable.Range(0, n).Select(i => (nonnegative[i] ? z[i] / x[i] : 0) + 1e-13)], nonnegative);
            (double[] Dx, double[] Dy, double[] Dz) Direction(Func<int, double> complement)
            {
                double[] right = [.. Enumerable.Range(0, n).Select(i => -dual[i] + (nonnegative[i] ? complement(i) / x[i] : 0))];
                var (dx, dy) = system.Solve(right, [.. primal.Select(r => -r)]);
                var dz = new double[n];
                foreach (var i in bounded)
                    dz[i] = (complement(i) - (z[i] * dx[i])) / x[i];
                return (dx, dy, dz);
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

    public static double Dot(double[] a, double[] b) => TensorPrimitives.Dot<double>(a, b);
}
