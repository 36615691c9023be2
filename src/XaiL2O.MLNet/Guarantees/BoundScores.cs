using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>What calibrates a bound: scores of rows below and above, the latter alone of errors; weights and groups where there are some.</summary>
internal sealed record BoundScores(double[] Below, double[] Above, double[] Weights, IReadOnlyDictionary<string, (double[] Below, double[] Above)> Groups)
{
    public CalibratedGroups<ConformalInterval> Calibrate(ErrorBoundOptions options, bool isNumber)
    {
        var sides = options.BoundsTruth(isNumber) ? options.Sides : BoundSides.Upper;
        ConformalInterval Interval(double[] below, double[] above, string of)
        {
            try
            {
                return new ConformalInterval(below, above, options.Level, sides, Weights);
            }
            catch (ArgumentException e)
            {
                throw new InvalidOperationException($"The error of '{options.OutputColumnName}' cannot be bounded on these rows{of}. {e.Message}", e);
            }
        }

        return new CalibratedGroups<ConformalInterval>(
            Interval(Below, Above, ""),
            options.GroupColumnName is null ? null : Groups.ToDictionary(g => g.Key, g => Interval(g.Value.Below, g.Value.Above, $" of the group '{g.Key}'"), StringComparer.Ordinal),
            options.GroupFallback);
    }
}
