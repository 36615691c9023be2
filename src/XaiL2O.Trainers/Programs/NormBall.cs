namespace XaiL2O.Trainers;

/// <summary>‖Ax − c‖₂ ≤ r on the first numbers of x.</summary>
/// <param name="Matrix">A, row-major; null for the identity.</param>
/// <param name="Centre">c.</param>
/// <param name="Radius">r ≥ 0; +∞ for no constraint.</param>
internal sealed record NormBall(double[]? Matrix, double[] Centre, double Radius);
