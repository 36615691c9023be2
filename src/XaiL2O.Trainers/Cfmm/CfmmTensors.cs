using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>A network's constants as tensors, and a batch's data relative to its reserves; the tensor side of <see cref="CfmmScaling"/>.</summary>
internal sealed class CfmmTensors : IDisposable
{
    /// <summary>Far below any reserve, and far above the smallest number, so that it can be multiplied by prices.</summary>
    private const double Nothing = 1e-150;

    private readonly Tensor rawWeight;
    private readonly Tensor tokenOf;

    public CfmmTensors(CfmmNetwork network)
    {
        Network = network;
        var (N, m) = (network.ReserveCount, network.Cfmms.Count);
        var (member, raw, fee, geometric) = (new double[N, m], new double[N], new double[N], new bool[N]);
        for (var j = 0; j < m; j++)
        {
            var cfmm = network.Cfmms[j];
            for (var i = 0; i < cfmm.Tokens.Count; i++)
            {
                var k = network.Offset(j) + i;
                (member[k, j], raw[k], fee[k], geometric[k]) = (1, cfmm.Weights[i], cfmm.FeeFactor, cfmm.Rule == ExchangeRule.Geometric);
            }
        }

        using var scope = NewDisposeScope();
        Member = tensor(member).DetachFromDisposeScope();
        rawWeight = tensor(raw).DetachFromDisposeScope();
        FeeFactor = tensor(fee).DetachFromDisposeScope();
        Geometric = tensor(geometric).DetachFromDisposeScope();
        GeometricCfmm = tensor(network.Cfmms.Select(c => c.Rule == ExchangeRule.Geometric).ToArray()).DetachFromDisposeScope();
        tokenOf = tensor(Enumerable.Range(0, N).Select(i => (long)network.TokenOf(i)).ToArray()).DetachFromDisposeScope();
    }

    public CfmmNetwork Network { get; }

    /// <summary>[N, m], 1 where an entry belongs to a CFMM.</summary>
    public Tensor Member { get; }

    /// <summary>γ per entry, [N].</summary>
    public Tensor FeeFactor { get; }

    /// <summary>Which entries follow the geometric rule, [N].</summary>
    public Tensor Geometric { get; }

    /// <summary>Which CFMMs follow it, [m].</summary>
    public Tensor GeometricCfmm { get; }

    /// <summary>Sums the entries of each CFMM: [batch, N] → [batch, m].</summary>
    public Tensor Sum(Tensor entries) => mm(entries, Member);

    /// <summary>Gives each entry its CFMM's value: [batch, m] or [m] → [batch, N] or [N].</summary>
    public Tensor Spread(Tensor values) => matmul(values, Member.t());

    /// <summary>
    /// d, [batch, N], from data [batch, N + tokens]. A dead CFMM, with 0 of every token, counts as one with next to nothing: what is
    /// relative to its reserves stays finite, and its value does not count beside the others'.
    /// </summary>
    public Tensor Reserves(Tensor data)
    {
        var d = data.slice(1, 0, Network.ReserveCount, 1);
        return where(Spread(Sum(d.abs())).eq(0), full_like(d, Nothing), d);
    }

    /// <summary>p per entry, [batch, N].</summary>
    public Tensor Prices(Tensor data) => data.slice(1, Network.ReserveCount, data.shape[1], 1).index_select(1, tokenOf);

    /// <summary>p·d over the value of the pool, [batch, N].</summary>
    public Tensor RelativePrices(Tensor data)
    {
        var value = Reserves(data) * Prices(data);
        return value / Spread(Sum(value));
    }

    /// <summary>ω, [batch, N].</summary>
    public Tensor Weights(Tensor data)
    {
        var weight = where(Geometric, rawWeight, rawWeight * Reserves(data));
        return weight / Spread(Sum(weight));
    }

    public void Dispose()
    {
        foreach (var t in (Tensor[])[Member, rawWeight, FeeFactor, Geometric, GeometricCfmm, tokenOf])
            t.Dispose();
    }
}
