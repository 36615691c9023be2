namespace XaiL2O.Certifiers;

/// <summary>The certificates of one inference.</summary>
public sealed class Verdict
{
    private readonly Certificate[] certificates;

    /// <summary>Takes the certificates of one inference.</summary>
    /// <param name="certificates">In the order of the certifier's properties.</param>
    public Verdict(IEnumerable<Certificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        this.certificates = [.. certificates];
    }

    /// <summary>One certificate per property.</summary>
    public IReadOnlyList<Certificate> Certificates => certificates;

    /// <summary>Whether no certificate failed.</summary>
    public bool Trustworthy => !Array.Exists(certificates, c => c.Label == CertificateLabel.Fail);

    /// <summary>Names of the properties that failed, in order.</summary>
    public IReadOnlyList<string> FailedParts => NamesOf(CertificateLabel.Fail);

    /// <summary>Names of the properties with a warning, in order.</summary>
    public IReadOnlyList<string> WarnedParts => NamesOf(CertificateLabel.Warning);

    private string[] NamesOf(CertificateLabel label) => [.. certificates.Where(c => c.Label == label).Select(c => c.Name)];
}
