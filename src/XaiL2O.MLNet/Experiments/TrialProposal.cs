namespace XaiL2O.MLNet;

/// <summary>What a tuner wants tried next.</summary>
/// <param name="Options">Values of all options.</param>
/// <param name="Resource">Share of the full effort to grant, in (0, 1].</param>
public sealed record TrialProposal(SampledOptions Options, double Resource = 1);
