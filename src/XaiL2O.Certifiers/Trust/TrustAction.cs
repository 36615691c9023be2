namespace XaiL2O.Certifiers;

/// <summary>What a post-condition does with an inference.</summary>
public enum TrustAction
{
    /// <summary>Nothing: the inference flows on.</summary>
    Pass,

    /// <summary>A message names the parts and why; the inference flows on.</summary>
    Log,

    /// <summary>The inference is left out.</summary>
    Drop,

    /// <summary><see cref="UntrustworthyInferenceException"/>: nothing flows on.</summary>
    Throw,
}
