namespace XaiL2O.MLNet;

/// <summary>A column whose values are certified: at least 0, small is good.</summary>
/// <param name="Name">Name in the certificate's columns and in <c>FailedParts</c>.</param>
/// <param name="ColumnName">
/// Column with the values: <see cref="float"/>, <see cref="double"/>, or <see cref="bool"/> (true counts as 0, false as 1).
/// <c><paramref name="Name"/>.Value</c> when null, as the implicit models name theirs.
/// </param>
/// <param name="Tolerance">Value up to which the property counts as satisfied: smaller values are not told apart. At least 0.</param>
public sealed record CertifiedProperty(string Name, string? ColumnName = null, double Tolerance = 0)
{
    internal string Column => ColumnName ?? Name + ".Value";
}
