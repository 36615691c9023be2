namespace XaiL2O.Certifiers;

/// <summary>What a certificate says of one property of one inference.</summary>
public enum CertificateLabel
{
    /// <summary>The value is usual among the calibration values.</summary>
    Pass,

    /// <summary>The value is unusually large; use the inference with care.</summary>
    Warning,

    /// <summary>The value is larger than nearly all calibration values, or not a number; do not use the inference.</summary>
    Fail,
}
