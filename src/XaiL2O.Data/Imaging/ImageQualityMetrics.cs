namespace XaiL2O.Data;

/// <summary>Quality of an image column against the truth.</summary>
/// <param name="Psnr">Mean peak signal-to-noise ratio in decibels.</param>
/// <param name="Ssim">Mean structural similarity.</param>
/// <param name="RowPsnr">Per row, in order.</param>
/// <param name="RowSsim">Per row, in order.</param>
public sealed record ImageQualityMetrics(double Psnr, double Ssim, IReadOnlyList<double> RowPsnr, IReadOnlyList<double> RowSsim);
