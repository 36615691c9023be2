namespace XaiL2O.Trainers;

/// <summary>The decision of one row.</summary>
/// <param name="Solution">x with the lifted numbers behind it, and the multipliers of all constraints of the program.</param>
/// <param name="X">The first n numbers.</param>
/// <param name="Objective">The objective as the definition states it.</param>
/// <param name="Multipliers">Those of the bounded values that the definition names.</param>
/// <param name="Active">Names of constraints whose multipliers are not 0.</param>
/// <param name="Conflict">Names of constraints that contradict each other.</param>
internal sealed record RowDecision(ProgramSolution Solution, double[] X, double Objective, double[] Multipliers, string Active, string Conflict);
