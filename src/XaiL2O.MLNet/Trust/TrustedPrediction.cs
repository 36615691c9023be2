using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>A prediction with its certificates.</summary>
/// <typeparam name="TOut">Output row.</typeparam>
/// <param name="Value">The prediction; null where the post-condition dropped it, and where the model has none, for every prediction that failed.</param>
/// <param name="Verdict">Its certificates.</param>
public sealed record TrustedPrediction<TOut>(TOut? Value, Verdict Verdict)
    where TOut : class
{
    /// <summary>Whether no part failed.</summary>
    public bool Trustworthy => Verdict.Trustworthy;
}
