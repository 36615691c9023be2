namespace XaiL2O.MLNet;

/// <summary>Settings of a certificate report.</summary>
public sealed record ReportOptions
{
    /// <summary>Title.</summary>
    public string Title { get; init; } = "Certificates";

    /// <summary>A sentence or two on model and data; empty for none.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Column that divides the rows into sets which are counted apart: text, key, <see cref="bool"/> or <see cref="int"/>; null for none.</summary>
    public string? SetColumnName { get; init; }

    /// <summary>Name of the set of rows whose <see cref="SetColumnName"/> is empty.</summary>
    public string EmptySetName { get; init; } = "other";

    /// <summary>Column that names a row, of the same types; its position where null.</summary>
    public string? RowNameColumnName { get; init; }

    /// <summary>Column with the model's estimate, a number or a vector, whose error the report states beside the verdicts; with <see cref="TruthColumnName"/>, or null for none.</summary>
    public string? EstimateColumnName { get; init; }

    /// <summary>Column with what the estimate should be, of the same size. A row without it, NaN or empty, counts as one whose truth is not known.</summary>
    public string? TruthColumnName { get; init; }

    /// <summary>Worst rows that are listed, at least 0.</summary>
    public int WorstRows { get; init; } = 10;
}
