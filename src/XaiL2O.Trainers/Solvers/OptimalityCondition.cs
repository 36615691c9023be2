namespace XaiL2O.Trainers;

/// <summary>The conditions that make an iterate a solution; see <see cref="Optimality"/>.</summary>
[Flags]
public enum OptimalityCondition
{
    /// <summary>None: every condition holds.</summary>
    None = 0,

    /// <summary>A constraint is violated by more than <see cref="FixedPointOptions.FidelityTolerance"/>. At the iteration limit: it may not be satisfiable at all.</summary>
    PrimalFeasibility = 1,

    /// <summary>The subgradients of the terms do not cancel: some point nearby is better.</summary>
    DualFeasibility = 2,

    /// <summary>The objective is above the bound that the duals give by more than the tolerance.</summary>
    Gap = 4,
}
