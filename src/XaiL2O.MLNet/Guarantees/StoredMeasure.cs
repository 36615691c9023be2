using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>A measure as a model zip holds it; arrays of the user's function lie beside.</summary>
internal sealed record StoredMeasure(ErrorMeasureKind Kind, double Peak, string? FunctionKind, IDictionary<string, double> Numbers, IReadOnlyList<string> Arrays)
{
    public static StoredMeasure Of(ErrorMeasure measure)
    {
        var description = measure.Function?.Describe();
        return new StoredMeasure(measure.Kind, measure.Peak, description?.Kind, description?.Numbers ?? new Dictionary<string, double>(), [.. description?.Arrays.Keys ?? []]);
    }

    public static void Add(ErrorMeasure measure, ModelPayload payload)
    {
        foreach (var (name, values) in measure.Function?.Describe().Arrays ?? new Dictionary<string, double[]>())
            payload.Add("measure " + name, [values.Length], values);
    }

    public ErrorMeasure Create(ModelPayload payload) => Kind switch
    {
        ErrorMeasureKind.Absolute => ErrorMeasure.Absolute,
        ErrorMeasureKind.Relative => ErrorMeasure.Relative,
        ErrorMeasureKind.MeanSquared => ErrorMeasure.MeanSquared,
        ErrorMeasureKind.Largest => ErrorMeasure.Largest,
        ErrorMeasureKind.PeakSignalToNoise => ErrorMeasure.PeakSignalToNoise(Peak),
        ErrorMeasureKind.Own => ErrorMeasure.Of(Function(payload)),
        _ => throw new ArgumentException($"the kind of an error is {Kind}, which is no {nameof(ErrorMeasureKind)}."),
    };

    private PropertyFunction Function(ModelPayload payload)
    {
        var description = new FunctionDescription(FunctionKind ?? throw new ArgumentException("a function of an error has no kind."))
        {
            Numbers = Numbers,
            Arrays = Arrays.ToDictionary(name => name, name => payload.Array<double>("measure " + name)),
        };
        try
        {
            return PropertyRegistry.Create(description);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"The error cannot be measured. {e.Message}", e);
        }
    }
}
