using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// All constraints of a trade on the observed reserves together, as a property: the largest violation of x, y ≥ 0, v + d ≥ κd and the
/// exchange rules with their margins (of CFMMs that trade at all), relative to the reserves; 0 for a feasible trade.
/// </summary>
internal sealed class TradeFeasibilityTerm(string name, CfmmTensors network, Func<Tensor> levels, Func<Tensor> kept)
    : Term(name, new IdentityOperator(2 * network.Network.ReserveCount))
{
    public override string Cause => "a trade that the observed reserves do not allow: another method's, or a solve that did not finish";

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var d = network.Reserves(data);
        var v = CfmmTradeModel.RelativeChange(network, x, data);
        var weight = network.Weights(data);
        var negative = (-x / cat([d, d], 1)).amax([1]);
        var drained = (network.Spread(kept()) - 1 - v).amax([1]);
        var gain = where(network.Geometric, (1 + v).clamp_min(1e-100).log(), v);
        // The margin is asked of trades; nothing at all is always accepted.
        var traded = network.Sum(v.ne(0).to(v.dtype)).gt(0);
        var rule = where(traded, levels() - network.Sum(weight * gain), zeros(1, dtype: v.dtype)).amax([1]);
        return negative.maximum(drained).maximum(rule).clamp_min(0);
    }
}
