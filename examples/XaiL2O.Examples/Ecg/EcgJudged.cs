namespace XaiL2O.Examples;

/// <summary>Rows with certificates: estimates of clean windows, the true signals in their place, and estimates from damaged measurements.</summary>
internal sealed record EcgJudged(EcgInference[] Calibration, EcgInference[] CalibrationTruth, EcgInference[] Clean, EcgInference[] Truth, EcgInference[] Corrupted);
