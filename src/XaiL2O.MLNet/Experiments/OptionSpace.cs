using System.Globalization;

namespace XaiL2O.MLNet;

/// <summary>The options that an experiment varies: ranges, logarithmic ranges and choices.</summary>
/// <remarks>
/// <code>
/// var space = new OptionSpace();
/// var learningRate = space.Range("LearningRate", 3e-4, 3e-2, logarithmic: true, initial: 3e-3);
/// var batchSize = space.IntegerRange("BatchSize", 25, 200, initial: 100);
/// // in the pipeline: new TrainingOptions { LearningRate = trial.Value(learningRate), BatchSize = trial.Value(batchSize) }
/// </code>
/// Defaults are given for all options or for none; where given they are the first trial.
/// </remarks>
public sealed class OptionSpace
{
    private readonly List<SearchParameter> parameters = [];

    /// <summary>The options in the order in which they were added.</summary>
    public IReadOnlyList<SearchParameter> Parameters => parameters;

    /// <summary>Whether every option has a default, so that the first trial is made with them.</summary>
    public bool HasDefaults => parameters.Count > 0 && parameters.TrueForAll(p => p.Default is not null);

    /// <summary>A real number in [minimum, maximum].</summary>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="minimum">Smallest value, finite; positive where logarithmic.</param>
    /// <param name="maximum">Largest value, finite, above the minimum.</param>
    /// <param name="logarithmic">Whether the logarithm is drawn uniformly in place of the number.</param>
    /// <param name="initial">Default.</param>
    /// <exception cref="ArgumentException">The range is empty, or the name was used before.</exception>
    public SearchParameter<double> Range(string name, double minimum, double maximum, bool logarithmic = false, double? initial = null)
    {
        CheckRange(name, minimum, maximum, logarithmic);
        return Add(new SearchParameter<double>(
            name,
            Describe(minimum, maximum, logarithmic),
            isNumber: true,
            initial,
            random =>
            {
                var u = random.NextDouble();
                var (a, b) = logarithmic ? (Math.Log(minimum), Math.Log(maximum)) : (minimum, maximum);
                // A mean of the ends, because their difference or ratio may be too large for a number.
                var mean = ((1 - u) * a) + (u * b);
                // Rounding must not leave the range.
                return Math.Clamp(logarithmic ? Math.Exp(mean) : mean, minimum, maximum);
            },
            code => code >= minimum && code <= maximum,
            code => code));
    }

    /// <summary>An integer in {minimum, …, maximum}.</summary>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="minimum">Smallest value; at least 1 where logarithmic.</param>
    /// <param name="maximum">Largest value, above the minimum.</param>
    /// <param name="logarithmic">Whether k is drawn with a probability proportional to ln((k + 1)/k).</param>
    /// <param name="initial">Default.</param>
    /// <exception cref="ArgumentException">The range is empty, or the name was used before.</exception>
    public SearchParameter<int> IntegerRange(string name, int minimum, int maximum, bool logarithmic = false, int? initial = null)
    {
        CheckRange(name, minimum, maximum, logarithmic);
        return Add(new SearchParameter<int>(
            name,
            "among the integers " + Describe(minimum, maximum, logarithmic),
            isNumber: true,
            initial,
            random =>
            {
                var u = random.NextDouble();
                var value = logarithmic ? minimum * Math.Exp(u * Math.Log((maximum + 1.0) / minimum)) : minimum + (u * ((double)maximum + 1 - minimum));
                return Math.Clamp(Math.Floor(value), minimum, maximum);
            },
            code => code >= minimum && code <= maximum && code == Math.Floor(code),
            code => (int)code));
    }

    /// <summary>One of several values of any type, all equally likely.</summary>
    /// <typeparam name="T">Type of the option; its <c>ToString</c> tells the values apart in histories and files.</typeparam>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="choices">At least two values whose texts differ.</param>
    /// <returns>The handle; the choice has no default.</returns>
    public SearchParameter<T> Choice<T>(string name, IReadOnlyList<T> choices) => AddChoice(name, choices, null);

    /// <summary>One of several values of any type, all equally likely, with a default.</summary>
    /// <typeparam name="T">Type of the option; its <c>ToString</c> tells the values apart in histories and files.</typeparam>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="choices">At least two values whose texts differ.</param>
    /// <param name="initial">Default, one of the choices.</param>
    public SearchParameter<T> Choice<T>(string name, IReadOnlyList<T> choices, T initial)
    {
        ArgumentNullException.ThrowIfNull(choices);
        var index = choices.ToList().IndexOf(initial);
        return index < 0
            ? throw new ArgumentException($"The default {initial} of '{name}' is not one of its choices.", nameof(initial))
            : AddChoice(name, choices, index);
    }

    /// <summary>The defaults.</summary>
    /// <exception cref="InvalidOperationException">An option has none.</exception>
    public SampledOptions Defaults() => HasDefaults
        ? new SampledOptions(this, [.. parameters.Select(p => p.Default!.Value)])
        : throw new InvalidOperationException($"No default was given for {string.Join(", ", parameters.Where(p => p.Default is null).Select(p => $"'{p.Name}'"))}.");

    /// <summary>Draws every option.</summary>
    /// <param name="random">Source of the draw.</param>
    public SampledOptions Sample(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return new SampledOptions(this, [.. parameters.Select(p => p.Sample(random))]);
    }

    internal int IndexOf(SearchParameter parameter)
    {
        var index = parameters.IndexOf(parameter);
        return index >= 0 ? index : throw new ArgumentException($"The parameter '{parameter.Name}' belongs to another search space.", nameof(parameter));
    }

    internal void Validate()
    {
        if (parameters.Count == 0)
            throw new InvalidOperationException("The search space is empty; add a range or a choice.");
        if (!HasDefaults && parameters.Exists(p => p.Default is not null))
            throw new InvalidOperationException($"Give defaults for all options or for none; there is none for {string.Join(", ", parameters.Where(p => p.Default is null).Select(p => $"'{p.Name}'"))}.");
    }

    private static string Describe(double minimum, double maximum, bool logarithmic) =>
        string.Create(CultureInfo.InvariantCulture, $"in [{minimum}, {maximum}]{(logarithmic ? ", logarithmic" : "")}");

    private static void CheckRange(string name, double minimum, double maximum, bool logarithmic)
    {
        if (!double.IsFinite(minimum) || !double.IsFinite(maximum) || minimum >= maximum)
            throw new ArgumentException($"The range [{minimum}, {maximum}] of '{name}' is empty; its ends must be finite and the second larger.");
        if (logarithmic && minimum <= 0)
            throw new ArgumentException($"The logarithmic range [{minimum}, {maximum}] of '{name}' must start above 0.");
    }

    private SearchParameter<T> AddChoice<T>(string name, IReadOnlyList<T> choices, int? initial)
    {
        ArgumentNullException.ThrowIfNull(choices);
        T[] values = [.. choices];
        string[] texts = [.. values.Select(v => InvariantText.Of(v))];
        if (texts.Distinct().Count() < Math.Max(2, texts.Length))
            throw new ArgumentException($"'{name}' needs at least two choices whose texts differ; got {string.Join(", ", texts)}.", nameof(choices));
        return Add(new SearchParameter<T>(
            name,
            $"among {string.Join(" | ", texts)}",
            isNumber: false,
            initial,
            random => random.Next(values.Length),
            code => code >= 0 && code < values.Length && code == Math.Floor(code),
            code => values[(int)code]));
    }

    private SearchParameter<T> Add<T>(SearchParameter<T> parameter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(parameter.Name);
        if (parameters.Exists(p => p.Name == parameter.Name))
            throw new ArgumentException($"The search space has an option '{parameter.Name}' already; names must be distinct.");
        parameters.Add(parameter);
        return parameter;
    }
}
