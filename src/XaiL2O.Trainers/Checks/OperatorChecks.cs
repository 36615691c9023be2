using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The promises of a <see cref="LinearOperator"/>.</summary>
internal static class OperatorChecks
{
    /// <summary>Share by which a norm may exceed its bound: bounds are computed in single precision too.</summary>
    private const double BoundSlack = 1e-3;

    public static void Run(Probe probe, Term term)
    {
        var (K, name) = (term.Operator, term.Name);
        var (x, y) = (probe.Normal(K.InputSize), probe.Normal(K.OutputSize));
        if (!probe.Fits(name, "Operator.Apply", K.Apply(x), x.shape[0], K.OutputSize) || !probe.Fits(name, "Operator.ApplyAdjoint", K.ApplyAdjoint(y), x.shape[0], K.InputSize))
            return;
        probe.Rows(name, "Operator.Apply", x.shape[0], rows => K.Apply(x.index_select(0, rows)));
        probe.Rows(name, "Operator.ApplyAdjoint", x.shape[0], rows => K.ApplyAdjoint(y.index_select(0, rows)));
        if (!Adjoint(probe, K, name))
            return;
        var norm = probe.Norm(K.InputSize, K.Apply, K.ApplyAdjoint);
        if (!(norm <= K.NormBound * (1 + BoundSlack)))
            probe.Report(name, ModelPromise.Bound, $"The operator of '{name}' ({K.GetType().Name}) has a norm of at least {norm:G6}, and its NormBound is {K.NormBound:G6}. Step sizes rest on the bound, so that iterations diverge; it must not be below the norm.");
    }

    private static bool Adjoint(Probe probe, LinearOperator K, string name)
    {
        for (var trial = 0; trial < probe.Trials; trial++)
        {
            var (x, y) = (probe.Normal(K.InputSize), probe.Normal(K.OutputSize));
            var (Kx, KTy) = (K.Apply(x), K.ApplyAdjoint(y));
            var (forward, back) = ((Kx * y).sum().ToDouble(), (x * KTy).sum().ToDouble());
            var size = Math.Max(Kx.norm().ToDouble() * y.norm().ToDouble(), x.norm().ToDouble() * KTy.norm().ToDouble());
            if (Math.Abs(forward - back) <= 100 * probe.Rounding * size)
                continue;
            probe.Report(name, ModelPromise.Adjoint, $"ApplyAdjoint of the operator of '{name}' ({K.GetType().Name}) is not the adjoint of Apply: ⟨Kx, y⟩ = {forward:G6} and ⟨x, Kᵀy⟩ = {back:G6} for random x and y; they must be equal.");
            return false;
        }

        return true;
    }
}
