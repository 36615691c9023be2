using System.Globalization;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="ComponentBoundEstimator"/>.</summary>
public sealed record ComponentBoundOptions
{
    /// <summary>Column with the inference, a vector of numbers. Default <c>Score</c>.</summary>
    public string OutputColumnName { get; init; } = "Score";

    /// <summary>Column with the truth, a vector of as many numbers; read when the bound is fitted and not later. Default <c>Label</c>.</summary>
    public string TruthColumnName { get; init; } = "Label";

    /// <summary>
    /// Column with a vector of as many numbers of at least 0 that says where components are hard, for instance a predicted standard deviation: widths are proportional to it, where it is
    /// not finite or negative without end. All alike when null, the default.
    /// </summary>
    public string? ScaleColumnName { get; init; }

    /// <summary>α in (0, 1): the share of a row's components that may lie outside, on average over rows and calibrations. Default 0.1.</summary>
    public double Risk { get; init; } = 0.1;

    /// <summary>Before the name of every appended column, so that several bounds of one column fit into a chain. Default none.</summary>
    public string OutputPrefix { get; init; } = "";

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(TruthColumnName);
        ArgumentNullException.ThrowIfNull(OutputPrefix);
        if (ScaleColumnName is not null && string.IsNullOrWhiteSpace(ScaleColumnName))
            throw new ArgumentException($"{nameof(ScaleColumnName)} is empty; it must name a column, or be null for none.");
        if (!(Risk > 0 && Risk < 1))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(Risk)} = {Risk} is out of range; it must lie in (0, 1)."));
    }
}
