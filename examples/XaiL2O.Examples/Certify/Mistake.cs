using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>1 where a digit was recognised as another one, else 0.</summary>
internal sealed class Mistake
{
    public const string Name = "share of wrong predictions";

    [ColumnName(Name)]
    public double Wrong { get; set; }
}
