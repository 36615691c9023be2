using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// −U_Θ of (22) on (x, y, v, z) relative to the reserves: −⟨p, y − x⟩ + ½‖W(y − x)‖² per CFMM, in shares of the pool's value. The CFMMs do
/// not interact, so each one's objective may carry a factor of its own: the step size that suits it.
/// Property value: how far the trade is short of profit, max(0, −U)/(value of all pools); 0 for a profitable trade.
/// </summary>
internal sealed class TradeUtilityTerm(string name, CfmmTensors network, Func<Tensor> risk, Tensor factors, double lipschitz)
    : Term(name, new IdentityOperator(2 * network.Network.ReserveCount)), ISmooth
{
    public override string Cause => "prices at which no exchange pays for its margin, or margins too wide for this market";

    public double LipschitzBound => lipschitz;

    public Tensor Gradient(Tensor u, Tensor data)
    {
        var N = network.Network.ReserveCount;
        var (x, y) = (u.slice(1, 0, N, 1), u.slice(1, N, 2 * N, 1));
        var W = risk();
        var g = factors * (network.RelativePrices(data) - mm(mm(y - x, W.t()), W));
        return cat([g, -g, zeros_like(u.slice(1, 2 * N, 4 * N, 1))], 1);
    }

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        var value = (network.Reserves(data) * network.Prices(data)).sum(1);
        return (-CfmmTradeModel.Utility(network, x, data)).clamp_min(0) / value;
    }
}
