namespace XaiL2O.Certifiers;

/// <summary>A post-condition: what to do with inferences that carry a warning and with those that failed.</summary>
/// <param name="OnWarning">For trustworthy inferences with a warned part. Default: log.</param>
/// <param name="OnFail">For untrustworthy inferences. Default: throw.</param>
public sealed record TrustPolicy(TrustAction OnWarning = TrustAction.Log, TrustAction OnFail = TrustAction.Throw)
{
    /// <summary>Whether any inference may be left out.</summary>
    public bool Drops => OnWarning == TrustAction.Drop || OnFail == TrustAction.Drop;

    /// <summary>The action for an inference.</summary>
    /// <param name="label">Its joint label.</param>
    public TrustAction For(CertificateLabel label) => label switch
    {
        CertificateLabel.Fail => OnFail,
        CertificateLabel.Warning => OnWarning,
        _ => TrustAction.Pass,
    };

    /// <summary>Throws unless both actions are defined.</summary>
    /// <exception cref="ArgumentException">The message names the option and its value.</exception>
    public void Validate()
    {
        if (!Enum.IsDefined(OnWarning))
            throw new ArgumentException($"{nameof(OnWarning)} = {OnWarning} is not a {nameof(TrustAction)}.");
        if (!Enum.IsDefined(OnFail))
            throw new ArgumentException($"{nameof(OnFail)} = {OnFail} is not a {nameof(TrustAction)}.");
    }
}
