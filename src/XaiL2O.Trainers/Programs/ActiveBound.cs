namespace XaiL2O.Trainers;

/// <summary>Which bound of a constraint holds the solution of a <see cref="QuadraticProgram"/> back.</summary>
public enum ActiveBound
{
    /// <summary>None: the solution would be the same without the constraint.</summary>
    None,

    /// <summary>The lower bound; the multiplier is at least 0.</summary>
    Lower,

    /// <summary>The upper bound; the multiplier is at most 0.</summary>
    Upper,

    /// <summary>Both: the constraint is an equality, whose multiplier may have either sign.</summary>
    Equality,
}
