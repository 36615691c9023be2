namespace XaiL2O.Trainers;

/// <summary>What the predictions of a <see cref="LearnedDecisionDefinition"/> are trained for.</summary>
public enum DecisionLoss
{
    /// <summary>The value of the decisions: a convex bound on their regret.</summary>
    Regret,

    /// <summary>The squared error of the predictions, whatever is decided by them.</summary>
    PredictionError,
}
