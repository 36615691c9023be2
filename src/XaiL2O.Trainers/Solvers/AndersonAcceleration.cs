using System.Numerics.Tensors;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace XaiL2O.Trainers;

/// <summary>
/// Anderson acceleration of ζ⁺ = T(ζ), each row on its own (Walker and Ni 2011, doi 10.1137/10078356X): with f = T(ζ) − ζ the next iterate is
/// T(ζ) − ΔG γ, where γ minimises ‖f − ΔF γ‖ over the differences of the last m steps.
/// </summary>
/// <remarks>
/// Safeguards. An extrapolated iterate counts only if its ‖f‖ is at most that of the iterate it came from and at most
/// D‖f₀‖(n + 1)^{−1.1}, with n the extrapolations of the row (as in Zhang, O'Donoghue and Boyd 2020, doi 10.1137/18M1232772: the bounds are
/// summable, so a convergent iteration stays convergent); otherwise the row goes back to T's own step, forgets its differences and does
/// without extrapolation for some steps, twice as many each time. No extrapolation moves further than the iterate is long: piecewise linear maps have directions in which f hardly changes.
/// </remarks>
internal sealed class AndersonAcceleration : IDisposable
{
    /// <summary>D: how much above ‖f₀‖ the residual may begin.</summary>
    private const double Allowance = 10;

    private const double Decay = 1.1;

    /// <summary>Steps of T's own after the first refusal; they double, so that a row for which extrapolation is of no use loses little.</summary>
    private const double Pause = 10;

    /// <summary>Largest growth of the residual in one extrapolation.</summary>
    private const double Growth = 1;

    /// <summary>Tikhonov weight relative to the mean squared difference, which keeps γ bounded where differences are nearly dependent.</summary>
    private const double Regularization = 1e-8;

    /// <summary>Variables over which the m numbers γ are fitted, at most twice as many: those of an image with dozens of channels say no more than a sample of them.</summary>
    private const long FittedVariables = 1 << 16;

    private readonly int memory;
    private Tensor? dF; // the last m differences of f where γ is fitted, a ring: [rows, m, fitted variables]
    private Tensor? dG; // those of T(ζ): [rows, m, variables]
    private int remembered; // differences so far
    private Tensor? lastF; // f of the step before where γ is fitted, [rows, fitted variables]
    private Tensor? lastG; // [rows, variables]
    private Tensor? current; // ζ, what the last call returned, [rows, variables]
    private Row[] rows = [];

    /// <summary>Starts without memory.</summary>
    /// <param name="memory">m, at least 1.</param>
    public AndersonAcceleration(int memory) => this.memory = memory;

    /// <summary>The numbers of a row. They are few, so tensors of them would take longer than the steps of a small problem.</summary>
    private sealed class Row(int memory, double norm)
    {
        private readonly double[][] gram = [.. Enumerable.Range(0, memory).Select(_ => new double[memory])]; // ΔF·ΔFᵀ
        private readonly double first = norm; // ‖f₀‖
        private double last = norm; // ‖f‖ of the step before
        private int taken; // n
        private bool extrapolated; // whether the iterate to come was extrapolated
        private double pause; // steps until the row extrapolates again
        private double nextPause = Pause;

        /// <summary>Whether an extrapolation came out too long.</summary>
        public bool Refuses(double norm) => extrapolated && !(norm <= Math.Min(Growth * last, Allowance * first * Math.Pow(taken + 1, -Decay)));

        public void Forget() => Array.ForEach(gram, Array.Clear);

        /// <summary>Products of the newest difference with all.</summary>
        public void Remember(int slot, ReadOnlySpan<double> products)
        {
            for (var k = 0; k < products.Length; k++)
                gram[slot][k] = gram[k][slot] = products[k];
        }

        /// <summary>γ of ⟨ΔF, f⟩, which it takes the place of; 0 where that is no number.</summary>
        public void Fit(Span<double> right)
        {
            var count = right.Length;
            var mean = 0.0;
            for (var k = 0; k < count; k++)
                mean += gram[k][k] / count;
            // Rows whose memory is empty have a Gram matrix of zeros; the identity in its place gives γ = 0.
            var damping = mean > 0 ? Regularization * mean : 1;
            var A = new double[count][];
            for (var k = 0; k < count; k++)
            {
                A[k] = gram[k][..count];
                A[k][k] += damping;
            }

            // Elimination without row exchanges: the matrix is positive definite.
            for (var k = 0; k < count; k++)
            {
                for (var i = k + 1; i < count; i++)
                {
                    var factor = -A[i][k] / A[k][k];
                    TensorPrimitives.MultiplyAdd(A[k].AsSpan(k + 1, count - k - 1), factor, A[i].AsSpan(k + 1), A[i].AsSpan(k + 1));
                    right[i] += factor * right[k];
                }
            }

            for (var k = count - 1; k >= 0; k--)
                right[k] = (right[k] - TensorPrimitives.Dot<double>(A[k].AsSpan(k + 1), right[(k + 1)..])) / A[k][k];
            if (!TensorPrimitives.IsFiniteAll<double>(right))
                right.Clear();
        }

        /// <summary>Whether the iterate to come may be extrapolated by a change of this size.</summary>
        public bool Extrapolates(bool refused, double change, double size) => !refused && change <= size && pause == 0;

        public void Advance(bool refused, bool used, double norm)
        {
            if (refused)
                (pause, nextPause) = (nextPause, 2 * nextPause);
            else
                (pause, last) = (Math.Max(0, pause - 1), norm);
            extrapolated = used;
            taken += used ? 1 : 0;
        }
    }

    /// <summary>The next iterate.</summary>
    /// <param name="previous">ζ; but for the first, what the last call returned, or of that the rows that <see cref="Select"/> kept.</param>
    /// <param name="next">T(ζ).</param>
    /// <returns>A new state whose tensors belong to the caller's dispose scope; not to be changed in place.</returns>
    public SplittingState Extrapolate(SplittingState previous, SplittingState next)
    {
        using var scope = NewDisposeScope();
        var g = next.Flatten();
        var step = g - (current ?? previous.Flatten());
        var norm = ToDoubles(step.norm(1));
        // Not a multiple of 2: numbers of channels are, and every channel should be among the fitted variables.
        var f = step.slice(1, 0, step.shape[1], Math.Max(1, step.shape[1] / FittedVariables) | 1).contiguous();
        if (lastF is null)
        {
            (lastF, lastG, current) = (Keep(null, f), Keep(null, g), Keep(null, g.clone()));
            rows = [.. norm.Select(n => new Row(memory, n))];
            return next.Unflatten(current).Map(t => t.MoveToOuterDisposeScope());
        }

        bool[] refused = [.. rows.Select((r, i) => r.Refuses(norm[i]))];
        var back = Array.IndexOf(refused, true) < 0 ? null : Index(refused, g.device);
        var count = Remember(f, g, refused, back);

        var γ = RowCombination.Products(dF!, count, f);
        for (var i = 0; i < rows.Length; i++)
            rows[i].Fit(γ.AsSpan(i * count, count));
        var (proposal, change, size) = RowCombination.Subtract(g, dG!, γ);
        bool[] used = [.. rows.Select((r, i) => r.Extrapolates(refused[i], change[i], size[i]))];
        if (Array.IndexOf(used, false) >= 0)
        {
            var own = Index([.. used.Select(u => !u)], g.device);
            proposal.index_copy_(0, own, g.index_select(0, own));
        }

        if (back is not null)
        {
            // These rows go back to T's own step from the iterate before.
            var old = lastG!.index_select(0, back);
            proposal.index_copy_(0, back, old);
            g.index_copy_(0, back, old);
            f.index_copy_(0, back, lastF.index_select(0, back));
        }

        for (var i = 0; i < rows.Length; i++)
            rows[i].Advance(refused[i], used[i], norm[i]);
        (lastF, lastG, current) = (Keep(lastF, f), Keep(lastG, g), Keep(current, proposal));
        return next.Unflatten(current).Map(t => t.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Puts the last differences in the place of the oldest and returns how many there are; a row that was refused forgets: its differences become
    /// 0 and have no part in γ.
    /// </summary>
    private int Remember(Tensor f, Tensor g, bool[] refused, Tensor? back)
    {
        dF ??= Keep(null, zeros(rows.Length, memory, f.shape[1], dtype: f.dtype, device: f.device));
        dG ??= Keep(null, zeros(rows.Length, memory, g.shape[1], dtype: g.dtype, device: g.device));
        var slot = remembered++ % memory;
        var count = Math.Min(remembered, memory);
        var newest = dF.select(1, slot);
        newest.copy_(f).sub_(lastF!);
        dG.select(1, slot).copy_(g).sub_(lastG!);
        if (back is not null)
        {
            dF.index_fill_(0, back, 0);
            dG.index_fill_(0, back, 0);
            foreach (var (row, _) in rows.Zip(refused).Where(r => r.Second))
                row.Forget();
        }

        var products = RowCombination.Products(dF, count, newest.contiguous());
        for (var i = 0; i < rows.Length; i++)
            rows[i].Remember(slot, products.AsSpan(i * count, count));
        return count;
    }

    /// <summary>Keeps the rows of samples that go on.</summary>
    /// <param name="kept">Their rows.</param>
    public void Select(int[] kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        if (lastF is null)
            return;
        using var scope = NewDisposeScope();
        var index = tensor(kept.Select(i => (long)i).ToArray(), device: lastF.device);
        Tensor? Rows(Tensor? t) => t is null ? null : Keep(t, t.index_select(0, index));
        (dF, dG, lastF, lastG, current) = (Rows(dF), Rows(dG), Rows(lastF), Rows(lastG), Rows(current));
        rows = [.. kept.Select(i => rows[i])];
    }

    /// <summary>Starts anew, for an iteration that has changed.</summary>
    public void Forget()
    {
        Dispose();
        (dF, dG, lastF, lastG, current) = (null, null, null, null, null);
        (rows, remembered) = ([], 0);
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { dF, dG, lastF, lastG, current })
            tensor?.Dispose();
    }

    private static Tensor Index(bool[] which, Device device) => tensor(Enumerable.Range(0, which.Length).Where(i => which[i]).Select(i => (long)i).ToArray(), device: device);

    private static double[] ToDoubles(Tensor t) => t.to(ScalarType.Float64).cpu().data<double>().ToArray();

    /// <summary>Takes a tensor out of every dispose scope in place of an older one.</summary>
    private static Tensor Keep(Tensor? old, Tensor value)
    {
        if (ReferenceEquals(old, value))
            return value;
        old?.Dispose();
        return value.DetachFromDisposeScope();
    }
}
