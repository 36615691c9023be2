namespace XaiL2O.Certifiers;

/// <summary>One property in a report.</summary>
public sealed record ReportProperty
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>What is computed from what; empty when not known.</summary>
    public string Description { get; init; } = "";

    /// <summary>What usually causes a violation; empty when not known.</summary>
    public required string Cause { get; init; }

    /// <summary>Calibration rule; null where absolute limits were given.</summary>
    public required Calibration? Calibration { get; init; }

    /// <summary>Label probabilities; null where absolute limits were given.</summary>
    public required LabelPolicy? Policy { get; init; }

    /// <summary>N of what labels compare with; 0 where nothing was calibrated.</summary>
    public required int CalibrationRows { get; init; }

    /// <summary>ε of a sketch of the calibration values; 0 when exact.</summary>
    public required double RankError { get; init; }

    /// <summary>The distribution, over calibrations, of the share of rows like the calibration rows that fails; null where nothing is promised.</summary>
    public RateGivenCalibration? FalseFailRate { get; init; }

    /// <summary>The same of each group that has a calibration of its own; empty without groups.</summary>
    public IReadOnlyDictionary<string, RateGivenCalibration> GroupFalseFailRates { get; init; } = new Dictionary<string, RateGivenCalibration>();

    /// <summary>Which values are unusual; without meaning where absolute limits were given.</summary>
    public Sides Sides { get; init; }

    /// <summary>Whose values labels compare with; without meaning where absolute limits were given.</summary>
    public CalibrationSource Source { get; init; }

    /// <summary>Values above this get a warning or worse.</summary>
    public required double WarnLimit { get; init; }

    /// <summary>Values above this fail; +∞ when nothing finite does.</summary>
    public required double FailLimit { get; init; }

    /// <summary>Values below this get a warning or worse; −∞ where small values are not unusual.</summary>
    public double LowerWarnLimit { get; init; } = double.NegativeInfinity;

    /// <summary>Values below this fail; −∞ where small values are not unusual.</summary>
    public double LowerFailLimit { get; init; } = double.NegativeInfinity;

    /// <summary>How many of the rows that fail this property alone do so because their value is unusually small.</summary>
    public int FailedBelow { get; init; }

    /// <summary>How many of the rows that fail this property alone do so because their value is NaN or infinite.</summary>
    public int FailedNotFinite { get; init; }

    /// <summary>Verdicts of this property alone, over all rows.</summary>
    public required ReportCounts Counts { get; init; }

    /// <summary>Bounds of the histograms' bins, one more than bins.</summary>
    public required IReadOnlyList<double> BinEdges { get; init; }

    /// <summary>Whether bins are equal on a logarithmic scale; values at or below the first bound are then in the first bin.</summary>
    public required bool Logarithmic { get; init; }

    /// <summary>Shares of rows per bin: the calibration rows first, where there are any (inferences before truths), then each set of evaluated rows.</summary>
    public required IReadOnlyList<ReportHistogram> Histograms { get; init; }
}
