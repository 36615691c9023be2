namespace XaiL2O.Certifiers;

/// <summary>What a certificate says of one property of one inference.</summary>
public enum CertificateLabel
{
    /// <summary>The value is usual among the calibration values.</summary>
    Pass,

    /// <summary>The value is unusual; use the inference with care.</summary>
    Warning,

    /// <summary>The value is more unusual than nearly all calibration values, above a given limit, or not finite; do not use the inference.</summary>
    Fail,
}
