using TorchSharp;
using static TorchSharp.torch;

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
    private Tensor? gram; // ΔF·ΔFᵀ, [rows, m, m], double
    private int remembered; // differences so far
    private Tensor? lastF; // f of the step before where γ is fitted, [rows, fitted variables]
    private Tensor? lastG; // [rows, variables]
    private Tensor? current; // ζ, what the last call returned, [rows, variables]
    private Tensor? lastNorm; // ‖f‖ of the step before, [rows, 1]
    private Tensor? first; // ‖f₀‖, [rows, 1]
    private Tensor? taken; // n, [rows, 1]
    private Tensor? extrapolated; // whether the iterate to come was extrapolated, [rows, 1]
    private Tensor? pause; // steps until the row extrapolates again, [rows, 1]
    private Tensor? nextPause; // [rows, 1]

    /// <summary>Starts without memory.</summary>
    /// <param name="memory">m, at least 1.</param>
    public AndersonAcceleration(int memory) => this.memory = memory;

    /// <summary>The next iterate.</summary>
    /// <param name="previous">ζ; but for the first, what the last call returned, or of that the rows that <see cref="Select"/> kept.</param>
    /// <param name="next">T(ζ).</param>
    /// <returns>A new state whose tensors belong to the caller's dispose scope; not to be changed in place.</returns>
    public SplittingState Extrapolate(SplittingState previous, SplittingState next)
    {
        using var scope = NewDisposeScope();
        var g = next.Flatten();
        var step = g - (current ?? previous.Flatten());
        var norm = step.norm(1, true);
        // Not a multiple of 2: numbers of channels are, and every channel should be among the fitted variables.
        var f = step.slice(1, 0, step.shape[1], Math.Max(1, step.shape[1] / FittedVariables) | 1).contiguous();
        if (lastF is null)
        {
            (lastF, lastG, lastNorm, first) = (Keep(null, f), Keep(null, g), Keep(null, norm), Keep(null, norm.clone()));
            (taken, pause, nextPause, extrapolated) = (Keep(null, zeros_like(norm)), Keep(null, zeros_like(norm)), Keep(null, full_like(norm, Pause)), Keep(null, zeros_like(norm).gt(0)));
            current = Keep(null, g.clone());
            return next.Unflatten(current).Map(t => t.MoveToOuterDisposeScope());
        }

        var limit = (Growth * lastNorm!).minimum(Allowance * first! * (taken! + 1).pow(-Decay));
        var refused = extrapolated!.logical_and(norm.le(limit).logical_not());
        var back = refused.any().ToBoolean() ? refused.squeeze(1).nonzero().squeeze(1) : null;
        var count = Remember(f, g, back);

        var right = RowCombination.Products(dF!, count, f).unsqueeze(2);
        var products = gram!.narrow(1, 0, count).narrow(2, 0, count);
        var mean = products.diagonal(0, 1, 2).mean([1]).view(-1, 1, 1);
        // Rows whose memory is empty have a Gram matrix of zeros; the identity in its place gives γ = 0.
        var damping = where(mean.gt(0), Regularization * mean, ones_like(mean)) * eye(count, dtype: ScalarType.Float64, device: f.device);
        var γ = linalg.solve(products + damping, right).to(f.dtype);
        γ = where(γ.isfinite().all(1, true), γ, zeros_like(γ));
        var (proposal, change, size) = RowCombination.Subtract(g, dG!, γ);
        var used = refused.logical_not().logical_and(change.le(size)).logical_and(pause!.eq(0));
        if (!used.all().ToBoolean())
            proposal = where(used, proposal, g);
        if (back is not null)
        {
            // These rows go back to T's own step from the iterate before.
            var old = lastG!.index_select(0, back);
            proposal.index_copy_(0, back, old);
            g.index_copy_(0, back, old);
            f.index_copy_(0, back, lastF.index_select(0, back));
            norm.index_copy_(0, back, lastNorm!.index_select(0, back));
        }

        (lastF, lastG, lastNorm) = (Keep(lastF, f), Keep(lastG, g), Keep(lastNorm, norm));
        pause = Keep(pause, where(refused, nextPause!, (pause - 1).clamp_min(0)));
        nextPause = Keep(nextPause, where(refused, 2 * nextPause!, nextPause!));
        (extrapolated, taken) = (Keep(extrapolated, used), Keep(taken, taken! + used.to(f.dtype)));
        current = Keep(current, proposal);
        return next.Unflatten(current).Map(t => t.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Puts the last differences in the place of the oldest and returns how many there are; a row that was refused forgets: its differences become
    /// 0 and have no part in γ.
    /// </summary>
    private int Remember(Tensor f, Tensor g, Tensor? refused)
    {
        var rows = f.shape[0];
        dF ??= Keep(null, zeros(rows, memory, f.shape[1], dtype: f.dtype, device: f.device));
        dG ??= Keep(null, zeros(rows, memory, g.shape[1], dtype: g.dtype, device: g.device));
        gram ??= Keep(null, zeros(rows, memory, memory, dtype: ScalarType.Float64, device: f.device));
        var slot = remembered++ % memory;
        var count = Math.Min(remembered, memory);
        var newest = dF.select(1, slot);
        newest.copy_(f).sub_(lastF!);
        dG.select(1, slot).copy_(g).sub_(lastG!);
        if (refused is not null)
        {
            dF.index_fill_(0, refused, 0);
            dG.index_fill_(0, refused, 0);
            gram.index_fill_(0, refused, 0);
        }

        var products = RowCombination.Products(dF, count, newest.contiguous());
        gram.select(1, slot).narrow(1, 0, count).copy_(products);
        gram.select(2, slot).narrow(1, 0, count).copy_(products);
        return count;
    }

    /// <summary>Keeps the rows of samples that go on.</summary>
    /// <param name="index">Their rows, int64.</param>
    public void Select(Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        using var scope = NewDisposeScope();
        Tensor? Rows(Tensor? t) => t is null ? null : Keep(t, t.index_select(0, index));
        (dF, dG, gram) = (Rows(dF), Rows(dG), Rows(gram));
        (lastF, lastG, current, lastNorm, first) = (Rows(lastF), Rows(lastG), Rows(current), Rows(lastNorm), Rows(first));
        (taken, extrapolated, pause, nextPause) = (Rows(taken), Rows(extrapolated), Rows(pause), Rows(nextPause));
    }

    /// <summary>Starts anew, for an iteration that has changed.</summary>
    public void Forget()
    {
        Dispose();
        (dF, dG, gram, lastF, lastG, current) = (null, null, null, null, null, null);
        (lastNorm, first, taken, extrapolated, pause, nextPause) = (null, null, null, null, null, null);
        remembered = 0;
    }

    public void Dispose()
    {
        foreach (var tensor in new[] { dF, dG, gram, lastF, lastG, current, lastNorm, first, taken, extrapolated, pause, nextPause })
            tensor?.Dispose();
    }

    /// <summary>Takes a tensor out of every dispose scope in place of an older one.</summary>
    private static Tensor Keep(Tensor? old, Tensor value)
    {
        if (ReferenceEquals(old, value))
            return value;
        old?.Dispose();
        return value.DetachFromDisposeScope();
    }
}
