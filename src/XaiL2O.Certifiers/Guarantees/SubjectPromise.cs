namespace XaiL2O.Certifiers;

/// <summary>What a bound promises of a new subject, such as a patient or a site, whose rows are alike, where subjects are exchangeable and rows are not.</summary>
public enum SubjectPromise
{
    /// <summary>
    /// A row of a new subject breaks its bound with probability at most α, over subjects and their rows: every subject counts as one row, shared among its rows. Lee, Barber and Willett 2023,
    /// arXiv 2306.06342. The default.
    /// </summary>
    Row,

    /// <summary>
    /// Any of the rows of a new subject breaks its bound with probability at most α, if it has no more of them than the subjects of calibration have: every subject has one score, that of its
    /// worst row. Wider, more so the more rows subjects have.
    /// </summary>
    EveryRow,
}
