namespace XaiL2O.MLNet;

/// <summary>Settings of a certificate report.</summary>
public sealed record ReportOptions
{
    /// <summary>Title.</summary>
    public string Title { get; init; } = "Certificates";

    /// <summary>A sentence or two on model and data; empty for none.</summary>
    public string Summary { get; init; } = "";

    /// <summary>Column that divides the rows into sets which are counted apart: text, key, <see cref="bool"/> or an integer; null for none.</summary>
    public string? SetColumnName { get; init; }

    /// <summary>Name of the set of rows whose <see cref="SetColumnName"/> is empty.</summary>
    public string EmptySetName { get; init; } = "other";

    /// <summary>Column that names a row, of the same types; its position where null.</summary>
    public string? RowNameColumnName { get; init; }

    /// <summary>Column that says how wrong a row is, where the truth is known: a number, small is good, NaN where it is not known; null for none.</summary>
    public string? ErrorColumnName { get; init; }

    /// <summary>Column with the model's estimate, a number or a vector, whose error the report states beside the verdicts; with <see cref="TruthColumnName"/>, or null for none.</summary>
    public string? EstimateColumnName { get; init; }

    /// <summary>
    /// Column with what the estimate should be, of the same size. A row without it, NaN or empty, counts as one whose truth is not known. Bounds and selections of the same estimate are compared
    /// with it; those of others, with the column on which they were fitted, where the rows have it.
    /// </summary>
    public string? TruthColumnName { get; init; }

    /// <summary>Worst rows that are listed, at least 0.</summary>
    public int WorstRows { get; init; } = 10;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Title);
        ArgumentNullException.ThrowIfNull(Summary);
        ArgumentException.ThrowIfNullOrWhiteSpace(EmptySetName);
        foreach (var (name, column) in new[] { (nameof(SetColumnName), SetColumnName), (nameof(RowNameColumnName), RowNameColumnName), (nameof(ErrorColumnName), ErrorColumnName), (nameof(EstimateColumnName), EstimateColumnName), (nameof(TruthColumnName), TruthColumnName) })
        {
            if (column is not null && string.IsNullOrWhiteSpace(column))
                throw new ArgumentException($"{name} is empty; it must name a column, or be null for none.");
        }

        if ((EstimateColumnName is null) != (TruthColumnName is null))
            throw new ArgumentException($"{nameof(EstimateColumnName)} and {nameof(TruthColumnName)} go together: an error needs both; got '{EstimateColumnName}' and '{TruthColumnName}'.");
        if (ErrorColumnName is not null && TruthColumnName is not null)
            throw new ArgumentException($"{nameof(ErrorColumnName)} = '{ErrorColumnName}' is the error itself; it takes no {nameof(TruthColumnName)} = '{TruthColumnName}'.");
        OptionCheck.AtLeast(WorstRows, 0);
    }
}
