namespace XaiL2O.Certifiers;

/// <summary>What the numbers of a classifier are, one for each class or one for the second of two.</summary>
public enum ClassScores
{
    /// <summary>Probabilities: in [0, 1], and for all classes together 1.</summary>
    Probabilities,

    /// <summary>Any finite numbers whose softmax (of one number its logistic function) are probabilities, as networks give them.</summary>
    Logits,
}
