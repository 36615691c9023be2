using System.Numerics.Tensors;

namespace XaiL2O.Trainers.Tests;

/// <summary>
/// [Q + D, −Eᵀ; E, 0] with a diagonal D, factorised once for several right sides. Bounded variables without an entry in Q and with one in E, such as slacks, are
/// eliminated.
/// </summary>
internal sealed class NewtonSystem
{
    private readonly double[][]? Q;
    private readonly double[][] E;
    private readonly double[] D;
    private readonly int[] kept;

    /// <summary>Of an eliminated variable: its row of E; −1 for the others.</summary>
    private readonly int[] rowOf;
    private readonly double[][] LU;
    private readonly int[] pivots;

    public NewtonSystem(double[][]? Q, double[][] E, double[] D, bool[] nonnegative)
    {
        (this.Q, this.E, this.D) = (Q, E, D);
        rowOf = [.. Enumerable.Range(0, D.Length).Select(i => nonnegative[i] && (Q is null || !Q[i].AsSpan().ContainsAnyExcept(0)) && Enumerable.Range(0, E.Length).Where(k => E[k][i] != 0).ToArray() is [var row] ? row : -1)];
        kept = [.. Enumerable.Range(0, D.Length).Where(i => rowOf[i] < 0)];
        var (n, size) = (kept.Length, kept.Length + E.Length);
        LU = [.. Enumerable.Range(0, size).Select(_ => new double[size])];
        for (var a = 0; a < n; a++)
        {
            for (var b = 0; Q is not null && b < n; b++)
                LU[a][b] = Q[kept[a]][kept[b]];
            LU[a][a] += D[kept[a]];
            for (var k = 0; k < E.Length; k++)
                (LU[a][n + k], LU[n + k][a]) = (-E[k][kept[a]], E[k][kept[a]]);
        }

        // A trace of regularisation, and what the eliminated variables answer.
        for (var k = 0; k < E.Length; k++)
            LU[n + k][n + k] = 1e-13;
        for (var i = 0; i < D.Length; i++)
        {
            if (rowOf[i] is >= 0 and var k)
                LU[n + k][n + k] += E[k][i] * E[k][i] / D[i];
        }

        pivots = Factorise(LU);
    }

    /// <summary>Solves for x and y.</summary>
    public (double[] X, double[] Y) Solve(double[] right, double[] below)
    {
        double[] reduced = [.. kept.Select(i => right[i]), .. below];
        for (var i = 0; i < right.Length; i++)
        {
            if (rowOf[i] is >= 0 and var k)
                reduced[kept.Length + k] -= E[k][i] * right[i] / D[i];
        }

        var solution = Substitute(LU, pivots, reduced);
        var (x, y) = (new double[right.Length], solution[kept.Length..]);
        for (var a = 0; a < kept.Length; a++)
            x[kept[a]] = solution[a];
        for (var i = 0; i < x.Length; i++)
        {
            if (rowOf[i] is >= 0 and var k)
                x[i] = (right[i] + (E[k][i] * y[k])) / D[i];
        }

        return (x, y);
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
                    TensorPrimitives.MultiplyAdd(A[k].AsSpan(k + 1), -factor, A[i].AsSpan(k + 1), A[i].AsSpan(k + 1));
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
            right[k] -= TensorPrimitives.Dot<double>(LU[k].AsSpan(0, k), right.AsSpan(0, k));
        for (var k = n - 1; k >= 0; k--)
            right[k] = (right[k] - TensorPrimitives.Dot<double>(LU[k].AsSpan(k + 1), right.AsSpan(k + 1))) / LU[k][k];
        return right;
    }
}
