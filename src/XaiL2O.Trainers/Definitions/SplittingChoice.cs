using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Makes the splitting of a sum of weighted terms, or says which capability is missing in which term.</summary>
internal static class SplittingChoice
{
    public static Splitting Make(IReadOnlyList<(Term Term, Coefficient Weight)> terms, int size, Algorithm algorithm, StepPolicy steps, ScalarType dtype, Device device)
    {
        foreach (var (term, _) in terms.Where(t => t.Term is not (IProximable or ISmooth)))
        {
            throw new ArgumentException(
                $"The term '{term.Name}' ({term.GetType().Name}) has neither a proximal operator ({nameof(IProximable)}) nor a gradient ({nameof(ISmooth)}), so no algorithm can use it. "
                + $"Implement one of the two, or give the term to {nameof(ModelBuilder.Report)} where it is a measure alone.");
        }

        var parts = new Parts(terms);
        if (algorithm == Algorithm.Automatic)
        {
            var chosen = Make(parts, terms, size, Choose(parts), steps);
            return AffineDouglasRachford.Of(chosen, dtype, device) ?? chosen;
        }

        return Make(parts, terms, size, algorithm, steps);
    }

    private static Splitting Make(Parts parts, IReadOnlyList<(Term Term, Coefficient Weight)> terms, int size, Algorithm algorithm, StepPolicy steps) =>
        algorithm switch
        {
            Algorithm.ProximalGradient => MakeProximalGradient(parts, size, steps),
            Algorithm.DavisYin => MakeDavisYin(parts, size, steps),
            Algorithm.LinearizedAdmm => MakeLinearizedAdmm(terms, steps),
            Algorithm.PrimalDual => MakePrimalDual(parts, size, steps),
            _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, $"{nameof(Algorithm)} = {algorithm} is not an {nameof(Algorithm)}."),
        };

    private static Algorithm Choose(Parts parts) =>
        parts.Transformed.Length == 0 && parts.Plain.Length <= 1 ? Algorithm.ProximalGradient
        : parts.Transformed.Length == 0 && parts.Plain.Length == 2 ? Algorithm.DavisYin
        : parts.Smooth.Length == 0 && parts.Transformed.Any(t => t.Term is FidelityTerm) && parts.Transformed.Length + parts.Plain.Length > 1 ? Algorithm.LinearizedAdmm
        : Algorithm.PrimalDual;

    private static ProximalGradient MakeProximalGradient(Parts parts, int size, StepPolicy steps)
    {
        ThrowIfTransformed(parts, Algorithm.ProximalGradient);
        if (parts.Plain.Length > 1)
            throw new ArgumentException($"Proximal gradient takes one term without a gradient; {Names(parts.Plain)} have none ({nameof(ISmooth)}). Use {nameof(Algorithm.DavisYin)} for two, {nameof(Algorithm.PrimalDual)} for more.");
        var h = Sum(parts);
        return new ProximalGradient(h, parts.Plain.Length == 0 ? null : Proximable(parts.Plain[0]), size, steps.For(h));
    }

    private static DavisYin MakeDavisYin(Parts parts, int size, StepPolicy steps)
    {
        ThrowIfTransformed(parts, Algorithm.DavisYin);
        if (parts.Plain.Length > 2)
            throw new ArgumentException($"Davis–Yin splitting takes two terms without a gradient; {Names(parts.Plain)} have none ({nameof(ISmooth)}). Use {nameof(Algorithm.PrimalDual)}.");
        var h = Sum(parts);
        // An infinite box is the constraint that nothing violates.
        IProximable Part(int i) => parts.Plain.Length > i ? Proximable(parts.Plain[i]) : new BoxTerm("Free", size, double.NegativeInfinity, double.PositiveInfinity);
        return new DavisYin(Part(0), Part(1), h, steps.For(h));
    }

    private static LinearizedAdmm MakeLinearizedAdmm(IReadOnlyList<(Term Term, Coefficient Weight)> terms, StepPolicy steps)
    {
        foreach (var (term, _) in terms.Where(t => t.Term is not IProximable))
            throw new ArgumentException($"Linearised ADMM takes proximal operators, and the term '{term.Name}' lacks one ({nameof(IProximable)}). Use {nameof(Algorithm.PrimalDual)}, which takes gradients.");
        var fidelity = terms.Select(t => t.Term).OfType<FidelityTerm>().FirstOrDefault()
            ?? throw new ArgumentException($"Linearised ADMM needs a constraint on the measurements (a {nameof(FidelityTerm)}), and the terms {Names([.. terms])} have none. Add one, or use {nameof(Algorithm.PrimalDual)}.");
        var rest = terms.Where(t => !ReferenceEquals(t.Term, fidelity)).ToList();
        if (rest.Count == 0)
            throw new ArgumentException($"Linearised ADMM needs a term beside the constraint '{fidelity.Name}'.");
        // One term in x itself is h, unless it is all there is.
        var plain = rest.Count > 1 ? rest.FindIndex(t => t.Term.Operator is IdentityOperator) : -1;
        var h = plain < 0 ? null : Proximable(rest[plain]);
        if (plain >= 0)
            rest.RemoveAt(plain);
        var f = rest.Count == 1 ? Proximable(rest[0]) : new StackedTerm([.. rest.Select(Proximable)]);
        return new LinearizedAdmm(f, fidelity, h, StepSizes.FromNormBound(new StackedOperator(f.Operator, fidelity.Operator), steps.Penalty));
    }

    private static Splitting MakePrimalDual(Parts parts, int size, StepPolicy steps)
    {
        // The first term in x itself is satisfied exactly; further ones are split like transformed ones.
        (Term, Coefficient)[] split = [.. parts.Transformed, .. parts.Plain.Skip(1)];
        if (split.Length == 0)
            return MakeProximalGradient(parts, size, steps);
        var h = Sum(parts);
        var g = parts.Plain.Length == 0 ? null : Proximable(parts.Plain[0]);
        var f = split.Length == 1 ? Proximable(split[0]) : new StackedTerm([.. split.Select(Proximable)]);
        var (norm, L) = (Math.Max(f.Operator.NormBound, 1e-12), h.LipschitzBound);
        var σ = steps.Penalty * (L > 0 ? L / 2 : norm) / (norm * norm);
        return new PrimalDual(h, g, f, steps.Fixed ?? (1 / ((σ * norm * norm) + (L / 2))), σ);
    }

    private static void ThrowIfTransformed(Parts parts, Algorithm algorithm)
    {
        if (parts.Transformed.Length > 0)
        {
            throw new ArgumentException(
                $"{algorithm} takes terms without a gradient in x itself; {Names(parts.Transformed)} act on a transform Kx and lack a gradient ({nameof(ISmooth)}). "
                + $"Use {nameof(Algorithm.PrimalDual)}, or {nameof(Algorithm.LinearizedAdmm)} with a {nameof(FidelityTerm)}.");
        }
    }

    private static string Names((Term Term, Coefficient Weight)[] terms) => string.Join(", ", terms.Select(t => $"'{t.Term.Name}'"));

    private static ISmooth Sum(Parts parts)
    {
        var h = new SmoothSum([.. parts.Smooth.Select(t => IsOne(t.Weight) ? (ISmooth)t.Term : new WeightedSmooth((ISmooth)t.Term, t.Weight))]);
        foreach (var (term, _) in parts.Smooth.Where(t => !(((ISmooth)t.Term).LipschitzBound is >= 0 and < double.PositiveInfinity)))
            throw new ArgumentException($"The gradient of the term '{term.Name}' has no finite Lipschitz bound ({((ISmooth)term).LipschitzBound}), so no step size converges.");
        return h;
    }

    private static IProximable Proximable((Term Term, Coefficient Weight) t) =>
        IsOne(t.Weight) ? (IProximable)t.Term : new WeightedProximable((IProximable)t.Term, t.Weight);

    private static bool IsOne(Coefficient weight) => weight.Learned is null && weight.Value == 1;

    /// <summary>Terms by what they offer: a gradient is preferred to a proximal operator, since a splitting takes any number of gradients.</summary>
    private sealed class Parts(IReadOnlyList<(Term Term, Coefficient Weight)> terms)
    {
        public (Term Term, Coefficient Weight)[] Smooth { get; } = [.. terms.Where(t => t.Term is ISmooth)];

        public (Term Term, Coefficient Weight)[] Plain { get; } = [.. terms.Where(t => t.Term is not ISmooth && t.Term.Operator is IdentityOperator)];

        public (Term Term, Coefficient Weight)[] Transformed { get; } = [.. terms.Where(t => t.Term is not ISmooth && t.Term.Operator is not IdentityOperator)];
    }
}
