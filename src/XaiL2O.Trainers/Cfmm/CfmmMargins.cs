namespace XaiL2O.Trainers;

/// <summary>What keeps a trade away from the edge of what the observed reserves allow.</summary>
/// <param name="Margin">δⱼ ≥ 0 per CFMM: φ of the reserves after the trade is at least 1 + δⱼ times φ before it ((45), (49)).</param>
/// <param name="Kept">κⱼ in [0, 1] per CFMM: the share of each observed reserve that is never withdrawn, v + d ≥ κd.</param>
public sealed record CfmmMargins(IReadOnlyList<double> Margin, IReadOnlyList<double> Kept)
{
    /// <summary>The same margins for every CFMM.</summary>
    /// <param name="network">The network.</param>
    /// <param name="margin">δ.</param>
    /// <param name="kept">κ.</param>
    public static CfmmMargins Uniform(CfmmNetwork network, double margin, double kept)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new([.. network.Cfmms.Select(_ => margin)], [.. network.Cfmms.Select(_ => kept)]);
    }

    internal void Validate(CfmmNetwork network)
    {
        if (Margin.Count != network.Cfmms.Count || Kept.Count != network.Cfmms.Count)
            throw new ArgumentException($"The network has {network.Cfmms.Count} CFMMs; got {Margin.Count} margins and {Kept.Count} kept shares.");
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
    }
}
