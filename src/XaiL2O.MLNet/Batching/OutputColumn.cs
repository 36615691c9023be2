using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>A column that a transformer appends, with what travels with it; <see cref="ColumnNotes"/> makes annotations of it.</summary>
internal sealed record OutputColumn(string Name, DataViewType Type)
{
    /// <summary>What usually makes the values of a property large, for explanations; null where nothing is known.</summary>
    public string? Cause { get; init; }

    /// <summary>What a property's column holds, as a formula, for reports; null where nothing is known.</summary>
    public string? Formula { get; init; }

    /// <summary>Which values of a property are unusual.</summary>
    public Sides Sides { get; init; } = Sides.Upper;

    /// <summary>Names of the numbers of a vector; none where the model knows none.</summary>
    public IReadOnlyList<string> SlotNames { get; init; } = [];

    /// <summary>What made it, in a word for messages: "model", also for property values that a model gave, "bound" or "selection"; null for columns that another may hide.</summary>
    public string? Maker { get; init; }

    /// <summary>The column whose values it repeats under another name; null where it has values of its own.</summary>
    public string? Repeats { get; init; }

    /// <summary>Whether the labels that it holds come from a given limit; null where it holds none.</summary>
    public bool? ByLimit { get; init; }

    /// <summary>Which column of a joint verdict it is, one of <see cref="CertificateColumns"/>; null for any other column.</summary>
    public string? Role { get; init; }

    /// <summary>The place of its certifier among those of the chain, from 1 on; 0 where no certifier made it.</summary>
    public int Certifier { get; init; }

    /// <summary>The certificates judged by calibration that are behind a joint verdict, those of certifiers before included.</summary>
    public int Tests { get; init; }
}
