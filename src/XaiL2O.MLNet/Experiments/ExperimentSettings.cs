using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Everything that an experiment was told, checked as a whole before it runs.</summary>
internal sealed record ExperimentSettings(MLContext Context, OptionSpace Space, Func<Trial, IEstimator<ITransformer>> Pipeline)
{
    public IDataView? Training { get; init; }

    /// <summary>Null in a cross-validation.</summary>
    public IDataView? Validation { get; init; }

    public IDataView? CalibrationRows { get; init; }

    public CertifierOptions? Certifier { get; init; }

    public int Folds { get; init; }

    public string? GroupColumnName { get; init; }

    public Metric? Metric { get; init; }

    public TrialOrder Order { get; init; } = new(false);

    public IReadOnlyList<Constraint> Constraints { get; init; } = [];

    public Tuner Tuner { get; init; } = new RandomSearch();

    public double? Seconds { get; init; }

    public int? Trials { get; init; }

    public int Seed { get; init; } = 1;

    public string? StatePath { get; init; }

    public void Validate()
    {
        Space.Validate();
        Tuner.Validate();
        if (Training is null)
            throw new InvalidOperationException($"The experiment has no data; call {nameof(Experiment.SetTrainingData)} or {nameof(Experiment.CrossValidate)}.");
        if (Metric is null)
            throw new InvalidOperationException($"The experiment has no metric; call {nameof(Experiment.Minimize)} or {nameof(Experiment.Maximize)}.");
        if (Seconds is null && Trials is null)
            throw new InvalidOperationException($"The experiment has no end; call {nameof(Experiment.SetBudget)} with seconds, trials or both.");
        if (CalibrationRows is not null && (ReferenceEquals(CalibrationRows, Training) || ReferenceEquals(CalibrationRows, Validation)))
            throw new InvalidOperationException("The certifier would calibrate on the rows of training or validation, so its certificates would promise nothing; give it rows of its own.");
        if (ReferenceEquals(Training, Validation))
            throw new InvalidOperationException("Training and validation are the same rows; the metric would reward learning them by heart.");
        if (GroupColumnName is { } group)
            CheckGroups(group);
    }

    /// <summary>What must be equal for a stored state to be this experiment's. The budget is not part of it: it may be raised.</summary>
    public IReadOnlyList<string> Describe() =>
    [
        .. Space.Parameters.Select(p => $"option {p}{(p.Default is { } code ? $", default {p.Format(code)}" : "")}"),
        $"{(Order.Maximizes ? "maximize" : "minimize")} {Metric!.Name}",
        .. Constraints.Select(c => $"subject to {c}"),
        $"tuner {Tuner.GetType().Name} {InvariantText.OfOptions(Tuner)}",
        Validation is null ? $"{Folds} folds" : "validation rows given",
        $"groups {GroupColumnName ?? "none"}",
        .. Certifier is null ? [] : CertifierLines(Certifier),
        string.Create(CultureInfo.InvariantCulture, $"seed {Seed}"),
    ];

    /// <summary>The views that it was given.</summary>
    public IEnumerable<(string Name, IDataView View)> Rows() =>
        from rows in new[] { ("training", Training), ("validation", Validation), ("calibration", CalibrationRows) }
        where rows.Item2 is not null
        select (rows.Item1, rows.Item2);

    private static IEnumerable<string> CertifierLines(CertifierOptions options) =>
        options.Properties
            .Select(p => $"certificate {InvariantText.OfOptions(p)}, function {(p.Function is { } function ? Describe(function.Describe()) : "none")}")
            .Append($"certifier {InvariantText.OfOptions(options with { Properties = [] })}");

    /// <summary>Kind and numbers of a function; of its arrays, which may be large, a digest.</summary>
    private static string Describe(FunctionDescription function) =>
        $"{function.Kind} {InvariantText.OfOptions(function.Numbers)} {string.Join(", ", function.Arrays.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{a.Key} {Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(a.Value.AsSpan())))[..16]}"))}".TrimEnd();

    /// <summary>Rows of one patient on both sides of a split make the metric and the certificates look better than they are.</summary>
    private void CheckGroups(string column)
    {
        var parts = new List<(string Name, HashSet<string> Groups)>();
        foreach (var (name, view) in Rows())
        {
            var groups = GroupReader.Distinct(view, column);
            foreach (var other in parts)
            {
                if (other.Groups.Intersect(groups).FirstOrDefault() is { } shared)
                    throw new InvalidOperationException($"The group '{shared}' of the column '{column}' is among the rows of {other.Name} and of {name}; groups must be kept apart.");
            }

            parts.Add((name, groups));
        }

        if (Folds > parts[0].Groups.Count)
            throw new InvalidOperationException($"{Folds} folds cannot be made of {parts[0].Groups.Count} groups of the column '{column}'.");
    }
}
