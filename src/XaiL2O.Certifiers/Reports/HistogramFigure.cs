namespace XaiL2O.Certifiers;

/// <summary>What <see cref="SvgHistogram"/> draws.</summary>
/// <param name="Name">Of what it is the distribution.</param>
/// <param name="Edges">Bounds of the bins, one more than bins.</param>
/// <param name="Logarithmic">Whether bins are equal on a logarithmic scale.</param>
/// <param name="Histograms">One for each lane.</param>
internal sealed record HistogramFigure(string Name, IReadOnlyList<double> Edges, bool Logarithmic, IReadOnlyList<ReportHistogram> Histograms)
{
    /// <summary>A property's, with its limits.</summary>
    public HistogramFigure(ReportProperty property)
        : this(property.Name, property.BinEdges, property.Logarithmic, property.Histograms) =>
        (Lower, Upper, Limits) = (property.LowerFailLimit, property.FailLimit, $" {HtmlReport.Limits(property)}");

    /// <summary>The limit below which rows fail; −∞ for none.</summary>
    public double Lower { get; } = double.NegativeInfinity;

    /// <summary>The limit above which rows fail; ∞ for none.</summary>
    public double Upper { get; } = double.PositiveInfinity;

    /// <summary>The limits in words; empty where values have no limits.</summary>
    public string Limits { get; } = "";
}
