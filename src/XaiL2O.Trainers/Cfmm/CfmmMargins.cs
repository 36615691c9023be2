namespace XaiL2O.Trainers;

/// <summary>What keeps a trade away from the edge of what the observed reserves allow.</summary>
/// <param name="Margin">δⱼ ≥ 0 per CFMM: φ of the reserves after the trade is at least 1 + δⱼ times φ before it ((45), (49)).</param>
/// <param name="Kept">κⱼ in [0, 1] per CFMM: the share of each observed reserve that is never withdrawn, v + d ≥ κd.</param>
/// <param name="FeeMargin">
/// cⱼ in [0, 1) per CFMM: the trade is computed as if the fee factor were γⱼ(1 − cⱼ), so that the true rule is met with a slack that grows
/// with what is tendered; none when null.
/// </param>
public sealed record CfmmMargins(IReadOnlyList<double> Margin, IReadOnlyList<double> Kept, IReadOnlyList<double>? FeeMargin = null)
{
    /// <summary>The same margins for every CFMM.</summary>
    /// <param name="network">The network.</param>
    /// <param name="margin">δ.</param>
    /// <param name="kept">κ.</param>
    /// <param name="feeMargin">c.</param>
    public static CfmmMargins Uniform(CfmmNetwork network, double margin, double kept, double feeMargin = 0)
    {
        ArgumentNullException.ThrowIfNull(network);
        double[] Each(double value) => [.. network.Cfmms.Select(_ => value)];
        return new(Each(margin), Each(kept), feeMargin == 0 ? null : Each(feeMargin));
    }

    /// <summary>γⱼ(1 − cⱼ).</summary>
    internal double FeeFactor(CfmmNetwork network, int cfmm) => network.Cfmms[cfmm].FeeFactor * (1 - (FeeMargin?[cfmm] ?? 0));

    internal void Validate(CfmmNetwork network)
    {
        if (Margin.Count != network.Cfmms.Count || Kept.Count != network.Cfmms.Count)
            throw new ArgumentException($"The network has {network.Cfmms.Count} CFMMs; got {Margin.Count} margins and {Kept.Count} kept shares.");
        if (FeeMargin is not null && FeeMargin.Count != network.Cfmms.Count)
            throw new ArgumentException($"The network has {network.Cfmms.Count} CFMMs; got {FeeMargin.Count} fee margins.");
        foreach (var margin in Margin)
        {
            if (!(margin >= 0 && double.IsFinite(margin)))
                throw new ArgumentException($"{nameof(Margin)} = {margin} is out of range; margins are finite and at least 0.");
        }

        foreach (var kept in Kept)
        {
            if (!(kept >= 0 && kept <= 1))
                throw new ArgumentException($"{nameof(Kept)} = {kept} is out of range; kept shares lie in [0, 1].");
        }

        foreach (var fee in FeeMargin ?? [])
        {
            if (!(fee >= 0 && fee < 1))
                throw new ArgumentException($"{nameof(FeeMargin)} = {fee} is out of range; fee margins lie in [0, 1).");
        }
    }
}
