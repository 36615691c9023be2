namespace XaiL2O.Trainers;

/// <summary>The factorised equalities of a problem; problems with the same ones share them.</summary>
/// <param name="Indices">Which constraints are equalities.</param>
/// <param name="Set">Those of them that are linearly independent. Not changed.</param>
internal sealed record EqualitySet(int[] Indices, WorkingSet Set);
