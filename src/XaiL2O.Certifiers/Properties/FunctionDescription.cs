namespace XaiL2O.Certifiers;

/// <summary>What a property function is made of, as data: enough to make it again when a model is loaded.</summary>
/// <param name="Kind">Name of the function; own functions need one that is registered (<see cref="PropertyRegistry"/>).</param>
public sealed record FunctionDescription(string Kind)
{
    /// <summary>Named numbers.</summary>
    public IDictionary<string, double> Numbers { get; init; } = new Dictionary<string, double>();

    /// <summary>Named arrays, for what is long.</summary>
    public IDictionary<string, double[]> Arrays { get; init; } = new Dictionary<string, double[]>();
}
