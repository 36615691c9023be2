using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Calibration values of one property.</summary>
/// <param name="Inferences">Of the column that is judged; null where limits are given and no value is a number.</param>
/// <param name="Truths">Of the column of truths; null where labels compare with inferences alone.</param>
internal sealed record CalibrationValues(CalibrationDistribution? Inferences, CalibrationDistribution? Truths);
