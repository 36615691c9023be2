using XaiL2O.Trainers;

namespace XaiL2O.Data;

/// <summary>
/// A baseline for learned trades: the analytic trade computed as if the fee factors were γ(1 − c), which leaves the true rule (18) a slack in
/// proportion to what is tendered, and which never withdraws the last share κ of a reserve. c and κ are tuned on training rows.
/// </summary>
/// <remarks>
/// Errors in the observed reserves change the slack of a geometric rule in proportion to the trade. So does c, while the margin δ of
/// <see cref="MarginRule"/> is the same for small and large trades.
/// </remarks>
public static class FeeRule
{
    /// <summary>Finds the one c and the one κ for all CFMMs with the greatest utility executed on true reserves.</summary>
    /// <param name="network">The network.</param>
    /// <param name="observed">d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="reserves">True reserves r, rows × N.</param>
    /// <param name="cancellationToken">Ends the search by throwing <see cref="OperationCanceledException"/>.</param>
    /// <returns>Margins with δ = 0 and the same c and κ for every CFMM.</returns>
    /// <remarks>The search is that of <see cref="MarginRule.Tune"/>: a logarithmic grid, refined until neighbours are 5 % apart.</remarks>
    public static CfmmMargins Tune(CfmmNetwork network, double[] observed, double[] prices, double[] reserves, CancellationToken cancellationToken = default) =>
        new MarginSearch(network, observed, prices, reserves, cancellationToken)
            .Common((fee, kept) => CfmmMargins.Uniform(network, 0, kept, Math.Min(fee, MarginSearch.Largest)));

    /// <summary>Finds a c for each CFMM, and a κ for each arithmetic one.</summary>
    /// <param name="network">The network.</param>
    /// <param name="observed">d, rows × N.</param>
    /// <param name="prices">p, tokens or rows × tokens.</param>
    /// <param name="reserves">True reserves r, rows × N.</param>
    /// <param name="start">Margins to start from, as <see cref="Tune"/> finds them; they are tuned first when null.</param>
    /// <param name="cancellationToken">Ends the search by throwing <see cref="OperationCanceledException"/>.</param>
    /// <returns>Margins that execute at least as much utility on these rows as the ones they start from.</returns>
    /// <remarks>
    /// Each CFMM's part of the trade depends on its own margins alone, but a row counts only if every CFMM accepts: a c is worth what the
    /// whole network then executes. So the CFMMs take turns, each getting the best c while the others keep theirs, in passes until one
    /// brings less than 10⁻⁴ of the utility. A CFMM that voids more than it brings gets a c at which it no longer trades.
    /// </remarks>
    public static CfmmMargins TunePerCfmm(CfmmNetwork network, double[] observed, double[] prices, double[] reserves, CfmmMargins? start = null, CancellationToken cancellationToken = default)
    {
        start ??= Tune(network, observed, prices, reserves, cancellationToken);
        start.Validate(network);
        return new MarginSearch(network, observed, prices, reserves, cancellationToken).PerCfmm(start);
    }
}
