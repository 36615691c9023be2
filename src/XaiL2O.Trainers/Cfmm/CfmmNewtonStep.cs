using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// One step of Newton's method on the conditions of optimality that <see cref="CfmmRefinement"/> solves, on tensors and with gradients.
/// The Jacobian of a Newton step vanishes at the solution, so one attached step there carries the exact derivative of the solution.
/// </summary>
internal sealed class CfmmNewtonStep : IDisposable
{
    private readonly CfmmTensors network;
    private readonly int width;
    private readonly Tensor entry;   // [m·width], the entry in each place of each CFMM, 0 where there is none
    private readonly Tensor pair;    // [m·width²], the same for pairs of entries
    private readonly Tensor place;   // [N], where each entry stands
    private readonly Tensor present; // [m, width]

    public CfmmNewtonStep(CfmmTensors network)
    {
        this.network = network;
        var (cfmms, N) = (network.Network.Cfmms, network.Network.ReserveCount);
        width = cfmms.Max(c => c.Tokens.Count);
        var (entries, places, there) = (new long[cfmms.Count * width], new long[N], new double[cfmms.Count * width]);
        var pairs = new long[cfmms.Count * width * width];
        for (var j = 0; j < cfmms.Count; j++)
        {
            for (var i = 0; i < cfmms[j].Tokens.Count; i++)
            {
                var k = network.Network.Offset(j) + i;
                (entries[(j * width) + i], places[k], there[(j * width) + i]) = (k, (j * width) + i, 1);
                for (var l = 0; l < cfmms[j].Tokens.Count; l++)
                    pairs[(((j * width) + i) * width) + l] = ((long)k * N) + network.Network.Offset(j) + l;
            }
        }

        using var scope = NewDisposeScope();
        (entry, pair, place) = (tensor(entries).DetachFromDisposeScope(), tensor(pairs).DetachFromDisposeScope(), tensor(places).DetachFromDisposeScope());
        present = tensor(there).reshape(cfmms.Count, width).DetachFromDisposeScope();
    }

    /// <summary>u after one step from a solution, [batch, N].</summary>
    /// <param name="net">u = y − x relative to the reserves, a constant.</param>
    /// <param name="multiplier">λ, [batch, m], a constant.</param>
    /// <param name="data">[batch, N + tokens].</param>
    /// <param name="risk">W, [N, N].</param>
    /// <param name="levels">c, [m].</param>
    /// <param name="kept">κ, [m].</param>
    public Tensor Apply(Tensor net, Tensor multiplier, Tensor data, Tensor risk, Tensor levels, Tensor kept)
    {
        var (B, m) = (net.shape[0], (long)network.Network.Cfmms.Count);
        var u = Places(net);
        var (p, ω) = (Places(network.RelativePrices(data)), Places(network.Weights(data)) * present);
        var geometric = network.GeometricCfmm.unsqueeze(1);
        var κ = kept.unsqueeze(1);
        var Q = mm(risk.t(), risk).flatten().index_select(0, pair).reshape(m, width, width) * present.unsqueeze(1) * present.unsqueeze(2);
        var λ = multiplier.unsqueeze(2);

        var tendered = u.lt(0).to(ScalarType.Float64) * present;
        var exhausted = (u.ge(1 - κ.detach() - 1e-9)).to(ScalarType.Float64) * present;
        var free = (u.ne(0).to(ScalarType.Float64) * present) - exhausted;
        var moving = free + exhausted;
        var f = Places(network.FeeFactor.unsqueeze(0)) * tendered + (1 - tendered);
        var v = -f * u;
        var slope = where(geometric, 1 / (1 + v), ones_like(v));
        var pull = f * ω * slope;
        var curvature = where(geometric, λ * f * pull / (1 + v), zeros_like(v));
        var gain = where(geometric, (1 + v).log(), v);

        // Rows: stationarity of free tokens, u = 1 − κ or u = 0 of the others, and the rule last.
        var stationarity = (free * ((λ * pull) - p + matmul(Q, u.unsqueeze(3)).squeeze(3))) + (exhausted * (u - (1 - κ)));
        var idle = free.sum(2).eq(0).to(ScalarType.Float64);
        var rule = (levels - (ω * gain).sum(2)) * (1 - idle);
        var residual = cat([stationarity, rule.unsqueeze(2)], 2);
        Tensor jacobian;
        using (no_grad())
        {
            var body = (free.unsqueeze(3) * Q) + ((free * curvature) + (1 - free)).diag_embed();
            var right = (free * pull).unsqueeze(3);
            var bottom = cat([moving * pull * (1 - idle).unsqueeze(2), idle.unsqueeze(2)], 2).unsqueeze(2);
            jacobian = cat([cat([body, right], 3), bottom], 2);
        }

        var step = linalg.solve(jacobian, residual.unsqueeze(3)).squeeze(3).slice(2, 0, width, 1);
        return (u - step).reshape(B, m * width).index_select(1, place);
    }

    public void Dispose()
    {
        foreach (var t in (Tensor[])[entry, pair, place, present])
            t.Dispose();
    }

    private Tensor Places(Tensor entries) => entries.index_select(1, entry).reshape(entries.shape[0], network.Network.Cfmms.Count, width);
}
