namespace XaiL2O.Certifiers;

/// <summary>What trimming and native compilation are told.</summary>
internal static class Trimming
{
    /// <summary>Of whatever reads or writes JSON.</summary>
    public const string Json = "JSON is read and written by reflection over the properties of a type, which trimming may remove and native compilation has no code for.";
}
