using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>What the certified classifier says of a digit.</summary>
internal sealed class CertifiedDigit
{
    public string Name { get; set; } = "";

    public string Set { get; set; } = "";

    public string Truth { get; set; } = "";

    public string Predicted { get; set; } = "";

    [ColumnName("Confidence.Value")]
    public double Confidence { get; set; }

    [ColumnName("Distance.Value")]
    public double Distance { get; set; }

    [ColumnName("Range.Value")]
    public double Range { get; set; }

    public double JointPValue { get; set; }

    public bool Trustworthy { get; set; }

    public string FailedParts { get; set; } = "";

    public string Explanation { get; set; } = "";
}
