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

    private readonly int memory;
    private readonly List<(Tensor F, Tensor G)> differences = []; // each [rows, variables], oldest first
    private Tensor? lastF; // [rows, variables]
    private Tensor? lastG;
    private Tensor? first; // ‖f₀‖, [rows, 1]
    private Tensor? taken; // n, [rows, 1]
    private Tensor? extrapolated; // whether the iterate to come was extrapolated, [rows, 1]
    private Tensor? pause; // steps until the row extrapolates again, [rows, 1]
    private Tensor? nextPause; // [rows, 1]

    /// <summary>Starts without memory.</summary>
    /// <param name="memory">m, at least 1.</param>
    public AndersonAcceleration(int memory) => this.memory = memory;

    /// <summary>The next iterate.</summary>
    /// <param name="previous">ζ.</param>
    /// <param name="next">T(ζ).</param>
    /// <returns>A new state whose tensors belong to the caller's dispose scope.</returns>
    public SplittingState Extrapolate(SplittingState previous, SplittingState next)
    {
        using var scope = NewDisposeScope();
        var g = next.Flatten();
        var f = g - previous.Flatten();
        var norm = f.norm(1, true);
        if (lastF is null)
        {
            (lastF, lastG, first) = (Keep(null, f), Keep(null, g), Keep(null, norm));
            (taken, pause, nextPause, extrapolated) = (Keep(null, zeros_like(norm)), Keep(null, zeros_like(norm)), Keep(null, full_like(norm, Pause)), Keep(null, zeros_like(norm).gt(0)));
            return next.Map(t => t.clone().MoveToOuterDisposeScope());
        }

        var limit = (Growth * lastF.norm(1, true)).minimum(Allowance * first! * (taken! + 1).pow(-Decay));
        var refused = extrapolated!.logical_and(norm.le(limit).logical_not());
        Remember(where(refused, zeros_like(f), f - lastF), where(refused, zeros_like(g), g - lastG!), refused.logical_not().to(f.dtype));

        var ΔF = stack([.. differences.Select(d => d.F)], 1); // [rows, m, variables]
        var gram = bmm(ΔF, ΔF.transpose(1, 2)).to(ScalarType.Float64);
        var right = bmm(ΔF, f.unsqueeze(2)).to(ScalarType.Float64);
        var mean = gram.diagonal(0, 1, 2).mean([1]).view(-1, 1, 1);
        // Rows whose memory is empty have a Gram matrix of zeros; the identity in its place gives γ = 0.
        var damping = where(mean.gt(0), Regularization * mean, ones_like(mean)) * eye(differences.Count, dtype: ScalarType.Float64, device: f.device);
        var γ = linalg.solve(gram + damping, right).to(f.dtype);
        γ = where(γ.isfinite().all(1, true), γ, zeros_like(γ));
        var ΔG = stack([.. differences.Select(d => d.G)], 1);
        var change = bmm(γ.transpose(1, 2), ΔG).squeeze(1);
        var used = refused.logical_not().logical_and(change.norm(1, true).le(g.norm(1, true))).logical_and(pause!.eq(0));
        var proposal = where(refused, lastG!, where(used, g - change, g));
        (lastF, lastG) = (Keep(lastF, where(refused, lastF, f)), Keep(lastG, where(refused, lastG!, g)));
        pause = Keep(pause, where(refused, nextPause!, (pause - 1).clamp_min(0)));
        nextPause = Keep(nextPause, where(refused, 2 * nextPause!, nextPause!));
        (extrapolated, taken) = (Keep(extrapolated, used), Keep(taken, taken! + used.to(f.dtype)));
        return next.Unflatten(proposal).Map(t => t.clone().MoveToOuterDisposeScope());
    }

    /// <summary>Adds the last differences; a row that was refused forgets: its differences become 0 and have no part in γ.</summary>
    private void Remember(Tensor dF, Tensor dG, Tensor kept)
    {
        foreach (var (F, G) in differences)
        {
            F.mul_(kept);
            G.mul_(kept);
        }

        if (differences.Count == memory)
        {
            differences[0].F.Dispose();
            differences[0].G.Dispose();
            differences.RemoveAt(0);
        }

        differences.Add((dF.DetachFromDisposeScope(), dG.DetachFromDisposeScope()));
    }

    /// <summary>Keeps the rows of samples that go on.</summary>
    /// <param name="index">Their rows, int64.</param>
    public void Select(Tensor index)
    {
        ArgumentNullException.ThrowIfNull(index);
        using var scope = NewDisposeScope();
        Tensor? Rows(Tensor? t) => t is null ? null : Keep(t, t.index_select(0, index));
        (lastF, lastG, first) = (Rows(lastF), Rows(lastG), Rows(first));
        (taken, extrapolated, pause, nextPause) = (Rows(taken), Rows(extrapolated), Rows(pause), Rows(nextPause));
        for (var i = 0; i < differences.Count; i++)
            differences[i] = (Rows(differences[i].F)!, Rows(differences[i].G)!);
    }

    public void Dispose()
    {
        lastF?.Dispose();
        lastG?.Dispose();
        first?.Dispose();
        taken?.Dispose();
        extrapolated?.Dispose();
        pause?.Dispose();
        nextPause?.Dispose();
        foreach (var (F, G) in differences)
        {
            F.Dispose();
            G.Dispose();
        }
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
