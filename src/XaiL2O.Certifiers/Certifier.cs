namespace XaiL2O.Certifiers;

/// <summary>Judges several properties of one inference together.</summary>
public sealed class Certifier
{
    private readonly PropertyCertifier[] properties;

    /// <summary>Creates the certifier.</summary>
    /// <param name="properties">At least one, with distinct names.</param>
    /// <exception cref="ArgumentException">None, or a name twice.</exception>
    public Certifier(IEnumerable<PropertyCertifier> properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        this.properties = [.. properties];
        if (this.properties.Length == 0)
            throw new ArgumentException("A certifier needs at least one property.", nameof(properties));
        if (this.properties.GroupBy(p => p.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"The property '{twice.Key}' is given twice; names must be distinct.", nameof(properties));
    }

    /// <summary>The properties in order.</summary>
    public IReadOnlyList<PropertyCertifier> Properties => properties;

    /// <summary>Judges the values of one inference.</summary>
    /// <param name="values">One value per property, in order.</param>
    /// <exception cref="ArgumentException">The number of values differs from the number of properties.</exception>
    public Verdict Certify(ReadOnlySpan<double> values)
    {
        if (values.Length != properties.Length)
            throw new ArgumentException($"{properties.Length} property values are needed; got {values.Length}.", nameof(values));
        var certificates = new Certificate[properties.Length];
        for (var i = 0; i < certificates.Length; i++)
            certificates[i] = properties[i].Certify(values[i]);
        return new Verdict(certificates);
    }
}
