using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Bounds ⟨r, x*⟩ from below for every solution x* of min Σ fᵢ(Kᵢx), which a dual residual r needs to say how far the objective can still fall. The size
/// of the iterate is no such bound: along a direction in which the objective is nearly flat a solution can be far away.
/// </summary>
/// <remarks>
/// Terms that are nowhere negative are at most P(x) at a solution, so Kᵢx* lies in a level set of fᵢ, and ⟨e, Kᵢx*⟩ is at least the least product over that set.
/// With the operators of all bounded terms stacked, S, and r = Sᵀe + ρ,
/// <code>
/// ⟨r, x*⟩ ≥ Σ leastᵢ(eᵢ) + ⟨ρ, x*⟩
/// </code>
/// e is the pseudo-inverse of Sᵀ applied to r, for which ρ = 0 where S determines x. Where x* ≥ l, ρ ≥ 0 is enough: ⟨ρ, x*⟩ ≥ ⟨ρ, l⟩. That allows for
/// pseudo-inverses that leave out the directions in which S is small, whose e is smaller; what is negative of ρ is lifted by a multiple of a positive vector
/// Sᵀq. The largest of these bounds counts.
/// </remarks>
internal sealed class SolutionBound : IDisposable
{
    /// <summary>Singular values below this share of the largest are left out, in the order of the candidates; the first is rounding.</summary>
    private static readonly double[] Cutoffs = [1e-11, 1e-6, 1e-3];

    private readonly (IBoundedLevels Term, double Scale, long From, long Length)[] blocks;
    private readonly double? lower; // l
    private readonly Candidate[] candidates;

    private SolutionBound((IBoundedLevels Term, double Scale, long From, long Length)[] blocks, double? lower, Candidate[] candidates) =>
        (this.blocks, this.lower, this.candidates) = (blocks, lower, candidates);

    /// <summary>Whether the level sets of a term are bounded.</summary>
    public static bool IsBounded(IProximable term) => term is IBoundedLevels { LevelsAreBounded: true };

    /// <summary>Whether a solution's terms are at most the objective anywhere: none is negative.</summary>
    public static bool HasLevels(IEnumerable<IProximable> terms) => terms.All(t => t.IsConstraint || IsBounded(t));

    /// <summary>The bound for a problem; null where no term bounds anything, or the matrices would be large.</summary>
    /// <param name="terms">fᵢ with their operators: all terms of the problem.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device of the computation.</param>
    public static SolutionBound? Of(IReadOnlyList<IProximable> terms, ScalarType dtype, Device device)
    {
        var levels = HasLevels(terms);
        var bounded = terms.Where(t => IsBounded(t) && (levels || t.IsConstraint) && t.Operator.NormBound > 0).Cast<IBoundedLevels>().ToArray();
        if (bounded.Length == 0 || bounded[0].Operator.InputSize > AffineDouglasRachford.LargestInference || bounded.Sum(t => (long)t.Operator.OutputSize) > AffineDouglasRachford.LargestImage)
            return null;

        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var from = 0L;
        (IBoundedLevels Term, double Scale, long From, long Length)[] blocks = [.. bounded.Select(t =>
        {
            var block = (t, 1 / t.Operator.NormBound, from, (long)t.Operator.OutputSize);
            from += t.Operator.OutputSize;
            return block;
        })];
        var unit = eye(bounded[0].Operator.InputSize, dtype: dtype, device: device);
        var S = cat([.. blocks.Select(b => (b.Scale * b.Term.Operator.Apply(unit)).t())], 0);
        var (U, σ, Vh) = linalg.svd(S, fullMatrices: false);
        double? lower = terms.Where(t => t.Operator is IdentityOperator).Select(Lower).Max();
        var precision = dtype == ScalarType.Float64 ? 0 : 1e-5;
        List<Candidate> candidates = [];
        var last = -1L;
        foreach (var cutoff in Cutoffs)
        {
            var rank = σ.gt(Math.Max(cutoff, precision) * σ.max()).sum().ToInt64();
            if (rank == last || rank == 0)
                continue;
            last = rank;
            var (u, v) = (U.slice(1, 0, rank, 1), Vh.slice(0, 0, rank, 1).t());
            var inverse = mm(v / σ.slice(0, 0, rank, 1), u.t());        // r ↦ e, transposed, [n, rows of S]
            var complete = rank == S.shape[1];
            Tensor? q = null, positive = null;
            if (lower is not null && !complete)
            {
                q = mm(ones(1, S.shape[1], dtype: dtype, device: device), inverse);
                positive = mm(q, S);
                if (!(positive.min().ToDouble() > 0.1))
                    (q, positive) = (null, null);
            }

            if (complete || candidates.Count == 0 || q is not null)
                candidates.Add(new Candidate(Keep(inverse), complete ? null : Keep(S), q is null ? null : Keep(q), positive is null ? null : Keep(positive)));
        }

        return candidates.Count == 0 ? null : new SolutionBound(blocks, lower, [.. candidates]);
    }

    /// <summary>Σ leastᵢ(eᵢ) for parts that are all bounded, each in the output space of its operator.</summary>
    /// <param name="parts">fᵢ and eᵢ.</param>
    /// <param name="level">P(x), shape <c>[batch]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public static Tensor Sum(IEnumerable<(IBoundedLevels Term, Tensor Direction)> parts, Tensor level, Tensor data) =>
        parts.Select(p => p.Term.LeastProduct(p.Direction, level, data)).Aggregate((a, b) => a + b);

    /// <summary>A lower bound of ⟨r, x*⟩, row by row.</summary>
    /// <param name="residual">r, shape <c>[batch, n]</c>.</param>
    /// <param name="level">P(x) at a feasible x, shape <c>[batch]</c>.</param>
    /// <param name="size">What stands for ‖x*‖ along directions of which the terms say nothing, shape <c>[batch]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public Tensor Least(Tensor residual, Tensor level, Tensor size, Tensor data)
    {
        Tensor? best = null;
        foreach (var (inverse, S, q, positive) in candidates)
        {
            var e = mm(residual, inverse);
            Tensor? rest = null;
            if (S is not null)
            {
                var ρ = residual - mm(e, S);
                if (q is null)
                {
                    rest = -(ρ.norm(1) * size);
                }
                else
                {
                    var lift = (-ρ / positive!).amax([1], true).clamp_min(0);
                    e = e - (lift * q);
                    rest = lower!.Value * (ρ + (lift * positive!)).sum(1);
                }
            }

            var least = Sum(blocks.Select(b => (b.Term, b.Scale * e.narrow(1, b.From, b.Length))), level, data);
            if (rest is not null)
                least = least + rest;
            best = best?.maximum(least) ?? least;
        }

        return best!;
    }

    public void Dispose()
    {
        foreach (var (inverse, S, q, positive) in candidates)
            foreach (var tensor in (Tensor?[])[inverse, S, q, positive])
                tensor?.Dispose();
    }

    private static double? Lower(IProximable term) => term switch
    {
        NonnegativeTerm => 0,
        BoxTerm { Lower: > double.NegativeInfinity and var l } => l,
        _ => null,
    };

    private static Tensor Keep(Tensor t) => t.contiguous().clone().DetachFromDisposeScope();

    /// <summary>One way to write r as Sᵀe + ρ.</summary>
    /// <param name="Inverse">r ↦ e, transposed, <c>[n, rows of S]</c>.</param>
    /// <param name="S">S, where ρ is not 0.</param>
    /// <param name="Q">q with Sᵀq &gt; 0, shape <c>[1, rows of S]</c>, where x* has a lower bound.</param>
    /// <param name="Positive">Sᵀq, shape <c>[1, n]</c>.</param>
    private readonly record struct Candidate(Tensor Inverse, Tensor? S, Tensor? Q, Tensor? Positive);
}
