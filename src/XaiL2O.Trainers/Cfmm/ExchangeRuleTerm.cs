using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The exchange rules with v + d ≥ κd, on the block (v, z) relative to the reserves: z ≤ ln(1 + v) for geometric CFMMs, (47), where the
/// hyperplane of <see cref="ExchangeLinkTerm"/> holds Σωz at the margin, and the half-space Σωv ≥ δ for arithmetic ones, (49).
/// Property value: trade risk.
/// </summary>
/// <remarks>
/// Trade risk estimates from the observed reserves how easily noise voids the trade. With s the slack of a CFMM's rule and σ its change
/// under independent relative errors of size 1 in its reserves, it is the largest σ/(σ + s) over the CFMMs: 0 without a trade, 1 for a
/// trade on the edge. Arithmetic rules do not depend on the reserves, except that nothing can be received beyond them: there s is the
/// share of a withdrawn reserve that is left and σ the share that is taken.
/// </remarks>
internal sealed class ExchangeRuleTerm(string name, CfmmTensors network, Func<Tensor> levels, Func<Tensor> kept)
    : Term(name, new IdentityOperator(2 * network.Network.ReserveCount)), IProximable
{
    public override string Cause => "a trade so large, or so close to the edge of the rule, that small errors in the observed reserves void it";

    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        var N = network.Network.ReserveCount;
        var (v, z) = (u.slice(1, 0, N, 1), u.slice(1, N, 2 * N, 1));
        var floor = network.Spread(kept());
        var (vGeometric, zGeometric) = Geometric(v, z, floor);
        var vArithmetic = Arithmetic(v, floor - 1, network.Weights(data));
        return cat([where(network.Geometric, vGeometric, vArithmetic), where(network.Geometric, zGeometric, z)], 1);
    }

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var v = CfmmTradeModel.RelativeChange(network, x, data);
        // Sums are matrix products: a number too large for one CFMM would spoil the others.
        var left = (1 + v).clamp_min(1e-100);
        var weight = network.Weights(data);
        var slack = network.Sum(weight * left.log()).clamp_min(0);
        var spread = network.Sum((weight * v / left).pow(2)).sqrt();
        var edge = where(spread.eq(0), zeros_like(spread), spread / (spread + slack));
        var taken = (-v).clamp(0, 1);
        var drained = where(taken.eq(0), zeros_like(v), taken / (taken + (1 + v).clamp_min(0)));
        var geometric = where(network.GeometricCfmm, edge, zeros_like(edge)).amax([1]);
        var arithmetic = where(network.Geometric, zeros_like(drained), drained).amax([1]);
        // A trade that breaks the rule on the observed reserves is as bad as one on its edge.
        return geometric.maximum(arithmetic);
    }

    /// <summary>(58), (59): see <see cref="CfmmIteration"/>. One Newton step from the root found carries its derivative.</summary>
    private static (Tensor V, Tensor Z) Geometric(Tensor v, Tensor z, Tensor floor)
    {
        var a = v + 1;
        Tensor root, outside, slope;
        using (no_grad())
        {
            var (aFixed, zFixed) = (a.detach(), z.detach());
            outside = zFixed.exp().gt(aFixed);
            root = zFixed.clone();
            for (var k = 0; k < 100; k++)
            {
                var t = root.exp();
                var delta = where(outside, ((((t - aFixed) * t) + root) - zFixed) / ((((2 * t) - aFixed) * t) + 1), zeros_like(t));
                root -= delta;
                if (delta.abs().max().ToDouble() < 1e-12)
                    break;
            }

            var e = root.exp();
            slope = (((2 * e) - aFixed) * e) + 1;
        }

        var exp = root.exp();
        var s = root - (((((exp - a) * exp) + root) - z) / slope);
        var tNew = where(outside, s.exp(), a);
        var low = tNew.lt(floor);
        return (where(low, floor, tNew) - 1, where(low, z.minimum(floor.log()), where(outside, s, z)));
    }

    private Tensor Arithmetic(Tensor v, Tensor lowest, Tensor weight)
    {
        var level = levels();
        Tensor free, active;
        using (no_grad())
        {
            var μ = zeros_like(network.Sum(v));
            var most = network.Network.Cfmms.Max(c => c.Tokens.Count);
            free = ones_like(v);
            for (var k = 0; k < most + 2; k++)
            {
                var moved = v + (network.Spread(μ) * weight);
                free = moved.ge(lowest).to(v.dtype);
                var sum = network.Sum(weight * moved.maximum(lowest));
                μ = (μ + ((level - sum) / network.Sum(free * weight.pow(2)).clamp_min(1e-12))).clamp_min(0);
            }

            free = (v + (network.Spread(μ) * weight)).ge(lowest).to(v.dtype);
            active = μ.gt(0);
        }

        var fixedPart = network.Sum((1 - free) * weight * lowest) + network.Sum(free * weight * v);
        var multiplier = where(active, (level - fixedPart) / network.Sum(free * weight.pow(2)).clamp_min(1e-12), zeros_like(fixedPart));
        return (v + (network.Spread(multiplier) * weight)).maximum(lowest);
    }
}
