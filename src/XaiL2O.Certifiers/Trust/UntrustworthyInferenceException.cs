namespace XaiL2O.Certifiers;

/// <summary>An inference did not meet its post-condition. Carries the certificates.</summary>
public sealed class UntrustworthyInferenceException : Exception
{
    /// <summary>Creates the exception for a verdict.</summary>
    /// <param name="verdict">Certificates of the inference.</param>
    public UntrustworthyInferenceException(Verdict verdict)
        : base(MessageFor(verdict)) => Verdict = verdict;

    /// <summary>Creates the exception for a verdict at a row.</summary>
    /// <param name="verdict">Certificates of the inference.</param>
    /// <param name="row">Position of the row, from 0.</param>
    public UntrustworthyInferenceException(Verdict verdict, long row)
        : base($"Row {row}: {MessageFor(verdict)}") => (Verdict, Row) = (verdict, row);

    /// <summary>The verdict.</summary>
    public Verdict Verdict { get; }

    /// <summary>The certificates of the inference.</summary>
    public IReadOnlyList<Certificate> Certificates => Verdict.Certificates;

    /// <summary>Position of the row, from 0; null for a single prediction.</summary>
    public long? Row { get; }

    private static string MessageFor(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        var parts = string.Join(", ", verdict.Trustworthy ? verdict.WarnedParts : verdict.FailedParts);
        return $"The inference is not to be used: {parts} {(verdict.Trustworthy ? "warned" : "failed")}. {verdict.Explanation}".TrimEnd();
    }
}
