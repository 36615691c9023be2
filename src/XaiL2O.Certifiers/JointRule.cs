namespace XaiL2O.Certifiers;

/// <summary>How the certificates of one inference make one verdict.</summary>
public enum JointRule
{
    /// <summary>
    /// As in the source: trustworthy if no certificate failed at its own level. With several certificates good rows fail more often
    /// than each level says: three independent ones at 5 % flag 14 %.
    /// </summary>
    AllPass,

    /// <summary>
    /// A part fails if its p-value is at most level/m (Bonferroni). A good row fails with probability at most the family level,
    /// however the certificates depend on each other.
    /// </summary>
    Bonferroni,

    /// <summary>
    /// Bonferroni stepping down: once the smallest p-value is rejected at level/m, the next is compared with level/(m − 1), and so on
    /// (Holm, <i>A simple sequentially rejective multiple test procedure</i>, Scandinavian Journal of Statistics 6:65–70, 1979).
    /// The same rows are trustworthy as with Bonferroni; more of the guilty parts are named.
    /// </summary>
    Holm,
}
