using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.Examples;

/// <summary>One method's image of one slice, with the certificates of the implicit model on it.</summary>
internal sealed class CtResult
{
    public float[] Image { get; set; } = [];

    public float[] Reconstruction { get; set; } = [];

    public double Psnr { get; set; }

    public double Ssim { get; set; }

    /// <summary>What the PSNR is at least, of the implicit model's images alone.</summary>
    [ColumnName("Reconstruction.ErrorBound")]
    public double PsnrBound { get; set; }

    public int Iterations { get; set; }

    public bool Converged { get; set; }

    [ColumnName("Judged.Box.Value")]
    public double Box { get; set; }

    [ColumnName("Judged.Fidelity.Value")]
    public double Fidelity { get; set; }

    [ColumnName("Judged.Regularizer.Value")]
    public double Regularizer { get; set; }

    [ColumnName("Judged.Whiteness.Value")]
    public double Whiteness { get; set; }

    [ColumnName("Judged.LocalMisfit.Value")]
    public double LocalMisfit { get; set; }

    [ColumnName("Box.Label")]
    public string BoxLabel { get; set; } = "";

    [ColumnName("Fidelity.Label")]
    public string FidelityLabel { get; set; } = "";

    [ColumnName("Regularizer.Label")]
    public string RegularizerLabel { get; set; } = "";

    [ColumnName("Whiteness.Label")]
    public string WhitenessLabel { get; set; } = "";

    [ColumnName("LocalMisfit.Label")]
    public string LocalMisfitLabel { get; set; } = "";

    [ColumnName("Convergence.Label")]
    public string ConvergenceLabel { get; set; } = "";

    public bool Trustworthy { get; set; }

    public string FailedParts { get; set; } = "";

    public static bool Failed(string label) => label == nameof(CertificateLabel.Fail);
}
