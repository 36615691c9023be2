using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The linear part of the constraints on (x, y, v, z) relative to the reserves: v = γx − y, (64), and Σωz = ln(1 + δ) for geometric
/// CFMMs, (55). Proximal: the projection.
/// </summary>
internal sealed class ExchangeLinkTerm(CfmmTensors network, Func<Tensor> levels) : IProximable
{
    public LinearOperator Operator { get; } = new IdentityOperator(4 * network.Network.ReserveCount);

    public Tensor Proximal(Tensor u, Coefficient step, Tensor data)
    {
        var parts = u.split(network.Network.ReserveCount, 1);
        var (x, y, v, z) = (parts[0], parts[1], parts[2], parts[3]);
        var γ = network.FeeFactor;
        var e = (v - (γ * x) + y) / (2 + (γ * γ));                                        // (64)
        var ω = network.Weights(data);
        var excess = (network.Sum(ω * z) - levels()) / network.Sum(ω * ω);
        var zNext = where(network.Geometric, z - (network.Spread(excess) * ω), z);        // (55)
        return cat([x + (γ * e), y - e, v - e, zNext], 1);
    }
}
