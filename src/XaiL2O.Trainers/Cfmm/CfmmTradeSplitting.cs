using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Davis–Yin splitting on (x, y, v, z) relative to the reserves, whose inference is the trade in units of the tokens.</summary>
internal sealed class CfmmTradeSplitting : Splitting
{
    private readonly DavisYin iteration;
    private readonly CfmmTensors network;
    private readonly CfmmNewtonStep newton;
    private readonly Func<(Tensor Risk, Tensor Levels, Tensor Kept)> weights;
    private readonly Tensor factors;

    /// <summary>Wraps the iteration.</summary>
    /// <param name="iteration">The iteration.</param>
    /// <param name="network">Not owned.</param>
    /// <param name="newton">Not owned.</param>
    /// <param name="weights">W, c and κ with their gradients.</param>
    /// <param name="factors">Step per entry, [N]; owned.</param>
    public CfmmTradeSplitting(DavisYin iteration, CfmmTensors network, CfmmNewtonStep newton, Func<(Tensor Risk, Tensor Levels, Tensor Kept)> weights, Tensor factors) =>
        (this.iteration, this.network, this.newton, this.weights, this.factors) = (iteration, network, newton, weights, factors);

    public override SplittingState Initialize(Tensor data) => iteration.Initialize(data);

    public override SplittingState Step(SplittingState state, Tensor data) => iteration.Step(state, data);

    public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) => iteration.Optimality(previous, next, data);

    public override Tensor Inference(SplittingState state, Tensor data)
    {
        var N = network.Network.ReserveCount;
        var trade = iteration.Inference(state, data).slice(1, 0, 2 * N, 1);
        return ToTrade(trade.slice(1, N, 2 * N, 1) - trade.slice(1, 0, N, 1), trade, data);
    }

    /// <summary>
    /// One Newton step in place of steps of (74); more change nothing, since the first is exact. A single step of (74) leaves the rule (18), so that its derivative credits the risk term
    /// with a slack that the solution does not have, and training drives W up until nothing is traded.
    /// </summary>
    public override Tensor AttachedInference(SplittingState fixedPoint, Tensor data, int steps = 1)
    {
        ArgumentNullException.ThrowIfNull(fixedPoint);
        var N = network.Network.ReserveCount;
        Tensor net, multiplier;
        using (no_grad())
        {
            var ζ = ((DavisYinState)fixedPoint).Zeta.detach();
            var ξ = iteration.Inference(fixedPoint, data);
            var (v, ω) = (ξ.slice(1, 2 * N, 3 * N, 1), network.Weights(data));
            // ζ_v = v − αη with η = λωℓ′(v) for all tokens but those withdrawn as far as allowed, where η is larger.
            var η = (v - ζ.slice(1, 2 * N, 3 * N, 1)) / factors;
            var ratio = η * where(network.Geometric, 1 + v, ones_like(v)) / ω;
            net = ξ.slice(1, N, 2 * N, 1) - ξ.slice(1, 0, N, 1);
            multiplier = cat([.. Enumerable.Range(0, network.Network.Cfmms.Count).Select(j => ratio.slice(1, network.Network.Offset(j), network.Network.Offset(j + 1), 1).amin([1], true))], 1);
        }

        var (risk, levels, kept) = weights();
        var next = newton.Apply(net, multiplier, data, risk, levels, kept);
        var zero = zeros_like(next);
        return ToTrade(net, cat([where(net.lt(0), -next, zero), where(net.gt(0), next, zero)], 1), data);
    }

    internal override bool AttachesExactly => true;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            factors.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>In units of the tokens; CFMMs in which the trade is worth less than nothing are left alone.</summary>
    private Tensor ToTrade(Tensor net, Tensor relative, Tensor data)
    {
        Tensor worth;
        using (no_grad())
        {
            var risk = mm(net, weights().Risk.t());
            // ‖Wu‖² separates per CFMM because W is block diagonal.
            worth = network.Spread((network.Sum((network.RelativePrices(data) * net) - (0.5 * risk * risk))).ge(0).to(net.dtype));
        }

        var d = network.Reserves(data) * worth;
        return relative * cat([d, d], 1);
    }
}
