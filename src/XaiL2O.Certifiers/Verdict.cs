namespace XaiL2O.Certifiers;

/// <summary>The certificates of one inference and what they say together.</summary>
public sealed class Verdict
{
    private readonly Certificate[] certificates;

    /// <summary>Takes the certificates of one inference under <see cref="JointRule.AllPass"/>.</summary>
    /// <param name="certificates">In the order of the certifier's properties.</param>
    public Verdict(IEnumerable<Certificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        this.certificates = [.. certificates];
        FailedParts = NamesOf(CertificateLabel.Fail);
        WarnedParts = NamesOf(CertificateLabel.Warning);
        // What is judged by a limit is no test, even where a p-value stands beside it: counting it would make m, and so the product, too large.
        var p = this.certificates.Where(c => !c.ByLimit).Select(c => c.PValue).Where(v => !double.IsNaN(v)).ToArray();
        JointPValue = p.Length == 0 ? double.NaN : Math.Min(1, p.Length * p.Min());
        Explanation = "";
    }

    /// <summary>Takes the certificates of one inference with a joint verdict.</summary>
    /// <param name="certificates">In the order of the certifier's properties.</param>
    /// <param name="failedParts">Names of the properties that failed jointly.</param>
    /// <param name="warnedParts">Names of the properties with a warning, or that failed alone but not jointly.</param>
    /// <param name="jointPValue">Joint p-value; NaN if none is calibrated.</param>
    /// <param name="explanation">Why; empty if nothing failed or warned.</param>
    public Verdict(IEnumerable<Certificate> certificates, IEnumerable<string> failedParts, IEnumerable<string> warnedParts, double jointPValue, string explanation)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        ArgumentNullException.ThrowIfNull(explanation);
        this.certificates = [.. certificates];
        (FailedParts, WarnedParts, JointPValue, Explanation) = ([.. failedParts], [.. warnedParts], jointPValue, explanation);
    }

    /// <summary>One certificate per property.</summary>
    public IReadOnlyList<Certificate> Certificates => certificates;

    /// <summary>Whether no part failed.</summary>
    public bool Trustworthy => FailedParts.Count == 0;

    /// <summary>Fail if a part failed, warning if one warned, pass otherwise.</summary>
    public CertificateLabel Label => !Trustworthy ? CertificateLabel.Fail : WarnedParts.Count > 0 ? CertificateLabel.Warning : CertificateLabel.Pass;

    /// <summary>Names of the properties that failed, in order.</summary>
    public IReadOnlyList<string> FailedParts { get; }

    /// <summary>Names of the properties with a warning, or that failed alone but not jointly, in order.</summary>
    public IReadOnlyList<string> WarnedParts { get; }

    /// <summary>
    /// min(1, m·min p) over the m certificates whose labels follow from calibration; those judged by limits are not among them. NaN if there
    /// are none: nothing was tested, and <see cref="Trustworthy"/> says whether the limits hold.
    /// </summary>
    public double JointPValue { get; }

    /// <summary>
    /// For each part that failed or warned: its value, the limit, how unusual the value is and what usually causes it. Empty if all passed.
    /// </summary>
    public string Explanation { get; }

    /// <summary>What several certifiers say together of one row: trustworthy if all say so.</summary>
    /// <param name="verdicts">Of each certifier; at least one.</param>
    public static Verdict Combine(IReadOnlyList<Verdict> verdicts)
    {
        ArgumentNullException.ThrowIfNull(verdicts);
        static int Tests(Verdict verdict) => verdict.certificates.Count(c => !c.ByLimit);
        return verdicts.Aggregate((a, b) => new Verdict(
            a.Certificates.Concat(b.Certificates),
            a.FailedParts.Concat(b.FailedParts),
            a.WarnedParts.Concat(b.WarnedParts),
            JointOutcome.Combine(new(a.Trustworthy, a.JointPValue), Tests(a), new(b.Trustworthy, b.JointPValue), Tests(b)).JointPValue,
            string.Join(" ", new[] { a.Explanation, b.Explanation }.Where(e => e.Length > 0))));
    }

    /// <summary>The label, the parts that failed or warned, and the joint p-value, on one line for people.</summary>
    public override string ToString()
    {
        static string Parts(string what, IReadOnlyList<string> names) => names.Count == 0 ? "" : $"; {what}: {string.Join(", ", names)}";
        var p = double.IsNaN(JointPValue) ? "" : $" (joint p = {Explanations.Number(JointPValue)})";
        return $"{Label}{p}{Parts("failed", FailedParts)}{Parts("warned", WarnedParts)}";
    }

    private string[] NamesOf(CertificateLabel label) => [.. certificates.Where(c => c.Label == label).Select(c => c.Name)];
}
