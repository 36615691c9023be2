namespace XaiL2O.Trainers;

/// <summary>Settings of <see cref="CfmmTradeModel"/> that are not trained.</summary>
public sealed record CfmmTradeOptions
{
    /// <summary>Margins at the start of training; δ = 5·10⁻⁴ and κ = 2·10⁻³ when null. <see cref="MarginRule.Tune"/> finds better ones.</summary>
    public CfmmMargins? InitialMargins { get; init; }

    /// <summary>Size of the random entries of W at the start of training; positive, since W = 0 has no gradient. Default 0.01.</summary>
    public double InitialRisk { get; init; } = 0.01;

    /// <summary>
    /// Width of the smoothed acceptance rule in the training loss, in units of what the typical error of the observed reserves in the batch
    /// does to a rule's slack; positive. Small is faithful, large gives gradients to more rows. Default 0.25.
    /// </summary>
    public double Smoothing { get; init; } = 0.25;

    /// <summary>Seed of the initial W.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Positive(InitialRisk);
        Check.Positive(Smoothing);
    }
}
