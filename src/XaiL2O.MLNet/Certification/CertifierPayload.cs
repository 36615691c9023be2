using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>The certifier as stored: settings and functions as JSON, calibration values and the functions' arrays as arrays.</summary>
internal static class CertifierPayload
{
    private sealed record Stored(CertifierOptions Options, IReadOnlyList<StoredFunction?> Functions, IReadOnlyList<string> Groups, bool? GroupsByNumber = null);

    private sealed record StoredFunction(string Kind, IDictionary<string, double> Numbers, IReadOnlyList<string> Arrays);

    public static ModelPayload Of(CertifierOptions options, Certifier certifier, bool? groupsByNumber)
    {
        var descriptions = options.Properties.Select(p => p.Function?.Describe()).ToArray();
        string[] groups = [.. certifier.Groups.Keys.Order(StringComparer.Ordinal)];
        var payload = ModelPayload.Of(new Stored(
            options,
            [.. descriptions.Select(d => d is null ? null : new StoredFunction(d.Kind, d.Numbers, [.. d.Arrays.Keys]))],
            groups,
            groupsByNumber));
        for (var i = 0; i < descriptions.Length; i++)
        {
            foreach (var (name, values) in descriptions[i]?.Arrays ?? new Dictionary<string, double[]>())
                payload.Add(ArrayName(i, name), [values.Length], values);
        }

        Add(payload, "", certifier);
        for (var g = 0; g < groups.Length; g++)
            Add(payload, $"group {g} ", certifier.Groups[groups[g]]);
        return payload;
    }

    public static (CertifierOptions Options, CalibrationData Data, bool? GroupsByNumber) Read(ModelPayload payload)
    {
        var stored = payload.ReadSettings<Stored>();
        // Lists of JSON may hold nulls where no property of ours does.
        if (stored.Options.Properties.Contains(null!) || stored.Functions.Count != stored.Options.Properties.Count || stored.Groups.Contains(null!))
            throw new ArgumentException($"a certifier of {stored.Options.Properties.Count} properties has {stored.Functions.Count} functions, or a property or a group is null.");
        var options = stored.Options with
        {
            Properties = [.. stored.Options.Properties.Select((property, i) => stored.Functions[i] is { } function ? property with { Function = Create(property, function, i) } : property)],
        };
        options.Validate();
        var groups = stored.Groups.Select((group, g) => (group, Values(payload, $"group {g} ", options))).ToDictionary(g => g.group, g => g.Item2, StringComparer.Ordinal);
        return (options, new CalibrationData(Values(payload, "", options), groups), options.GroupColumnName is null ? null : stored.GroupsByNumber);

        PropertyFunction Create(CertifiedProperty property, StoredFunction function, int i)
        {
            try
            {
                return PropertyRegistry.Create(new FunctionDescription(function.Kind) { Numbers = function.Numbers, Arrays = function.Arrays.ToDictionary(name => name, name => payload.Array<double>(ArrayName(i, name))) });
            }
            catch (InvalidOperationException e)
            {
                throw new InvalidOperationException($"The certifier's property '{property.Name}' cannot be made. {e.Message}", e);
            }
        }
    }

    private static void Add(ModelPayload payload, string prefix, Certifier certifier)
    {
        for (var i = 0; i < certifier.Properties.Count; i++)
        {
            Add(payload, $"{prefix}values {i}", $"{prefix}ranks {i}", certifier.Properties[i].Distribution);
            Add(payload, $"{prefix}truths {i}", $"{prefix}truth ranks {i}", certifier.Properties[i].Truths);
        }
    }

    private static void Add(ModelPayload payload, string values, string ranks, CalibrationDistribution? distribution)
    {
        if (distribution is null)
            return;
        payload.Add(values, [distribution.Values.Length], distribution.Values.ToArray());
        if (distribution is SketchedDistribution sketch)
            payload.Add(ranks, [sketch.Ranks.Length], sketch.Ranks.ToArray().Select(r => (double)r).ToArray());
    }

    private static CalibrationValues[] Values(ModelPayload payload, string prefix, CertifierOptions options) =>
    [
        .. options.Properties.Select((property, i) => new CalibrationValues(
            property.Limits is not null && !payload.Has($"{prefix}values {i}") ? null : Distribution(payload, options, $"{prefix}values {i}", $"{prefix}ranks {i}"),
            property.OfTruth is null ? null : Distribution(payload, options, $"{prefix}truths {i}", $"{prefix}truth ranks {i}"))),
    ];

    private static CalibrationDistribution Distribution(ModelPayload payload, CertifierOptions options, string values, string ranks) =>
        options.SketchError is { } error
            ? new SketchedDistribution(payload.Array<double>(values), payload.Array<double>(ranks).Select(r => r is >= 1 and <= int.MaxValue && r == Math.Floor(r) ? (int)r : throw new ArgumentException($"the array '{ranks}' holds {r}; ranks are whole numbers of at least 1.")), error)
            : new EmpiricalDistribution(payload.Array<double>(values));

    private static string ArrayName(int property, string name) => $"function {property} {name}";
}
