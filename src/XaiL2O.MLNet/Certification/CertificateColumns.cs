namespace XaiL2O.MLNet;

/// <summary>Names of the certifier's columns that do not carry a property's name.</summary>
internal static class CertificateColumns
{
    public const string Trustworthy = "Trustworthy";
    public const string JointPValue = "JointPValue";
    public const string FailedParts = "FailedParts";
    public const string WarnedParts = "WarnedParts";
    public const string Explanation = "Explanation";
}
