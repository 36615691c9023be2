using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="CertifierEstimator"/>.</summary>
public sealed record CertifierOptions
{
    /// <summary>What is certified; at least one, with distinct names. Required.</summary>
    public required IReadOnlyList<CertifiedProperty> Properties { get; init; }

    /// <summary>Label probabilities (12). Default: 95 % pass, 5 % fail.</summary>
    public LabelPolicy Policy { get; init; } = new();

    /// <summary>How labels follow from the calibration rows. Default <see cref="Calibration.Conformal"/>.</summary>
    public Calibration Calibration { get; init; } = Calibration.Conformal;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Properties);
        if (Properties.Count == 0)
            throw new ArgumentException($"{nameof(Properties)} is empty; name at least one property to certify.");
        if (Properties.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"The property '{twice.Key}' is given twice; names must be distinct.");
        foreach (var property in Properties)
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(property.Name);
            if (!(property.Tolerance >= 0 && double.IsFinite(property.Tolerance)))
                throw new ArgumentException($"The tolerance of '{property.Name}' is {property.Tolerance}; it must be finite and at least 0.");
        }

        Policy.Validate();
    }
}
