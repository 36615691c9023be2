using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Selects rows of a stream one by one, each before the next is seen, so that at most a share q of the selected is bad on average: e-LOND over conformal e-values. Not for use from
/// several threads.
/// </summary>
/// <remarks>
/// Row t of a window is selected where its e-value is at least 1/(q·γ_t·(D + 1)), with D rows selected before it in the window and Σγ_t ≤ 1. This is valid whatever rows depend on
/// each other, which those that share a calibration do; Xu and Ramdas 2024, arXiv 2311.06412. It is not valid for p-values in place of e-values. γ_t is proportional to
/// 1/((t + 1)·ln²(t + 1)). Assumes that every row is exchangeable with the calibration rows.
/// </remarks>
public sealed class StreamSelection
{
    private readonly ConformalSelection calibration;
    private readonly double sum;
    private long count;
    private int row;
    private int selected;

    /// <summary>Starts a stream.</summary>
    /// <param name="calibration">Calibration rows.</param>
    /// <param name="options">Settings; the defaults when null.</param>
    /// <exception cref="ArgumentException">No row could ever be selected; the message says how many calibration rows are needed.</exception>
    public StreamSelection(ConformalSelection calibration, StreamOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        Options = options ?? new StreamOptions();
        Options.Validate();
        this.calibration = calibration;
        for (var t = 1; t <= Options.Window; t++)
            sum += Weight(t);
        // The largest e-value that is asked for while the expected share is selected, at whatever row of the window that is.
        var asked = 0.0;
        for (var t = 1; t <= Options.Window; t++)
            asked = Math.Max(asked, sum / (Options.FalseDiscoveryRate * Weight(t) * (1 + Math.Floor(Options.ExpectedShare * (t - 1)))));
        var first = sum / (Options.FalseDiscoveryRate * Weight(1));
        if (calibration.Rows + 1.0 < first)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"A false discovery rate of {Options.FalseDiscoveryRate} over windows of {Options.Window} rows needs at least {Math.Ceiling(first) - 1} calibration rows to select anything, and {Math.Ceiling(asked) - 1} to select a share of {Options.ExpectedShare} throughout; there are {calibration.Rows}. Calibrate on more rows, raise {nameof(StreamOptions.FalseDiscoveryRate)}, or select in batches."));
        Rank = Math.Clamp((int)((calibration.Rows + 1.0) / asked), 1, calibration.Rows);
    }

    /// <summary>Settings.</summary>
    public StreamOptions Options { get; }

    /// <summary>b of <see cref="ConformalSelection.EValue"/>, chosen by the settings and the number of calibration rows alone.</summary>
    public int Rank { get; }

    /// <summary>Rows observed.</summary>
    public long Count => count;

    /// <summary>The e-value of the row last observed.</summary>
    public double EValue { get; private set; }

    /// <summary>Decides on the next row.</summary>
    /// <param name="goodness">G of the row; NaN is not selected.</param>
    /// <returns>Whether the row is selected.</returns>
    public bool Observe(double goodness)
    {
        if (row == Options.Window)
            (row, selected) = (0, 0);
        (count, row) = (count + 1, row + 1);
        EValue = calibration.EValue(goodness, Rank);
        // 1/(qγ(D + 1)), with a factor for the rounding of whole numbers.
        var chosen = EValue * Options.FalseDiscoveryRate * (Weight(row) / sum) * (selected + 1) * (1 + 1e-12) >= 1;
        selected += chosen ? 1 : 0;
        return chosen;
    }

    /// <summary>Writes where the stream stands as JSON with a checksum; <see cref="FileReplacement.Write"/> makes a file of it.</summary>
    /// <param name="stream">Stays open.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Sealed.ToJson(new State(Options, calibration.Fingerprint, EValue, count, row, selected)));
    }

    /// <summary>Goes on where a stream stood.</summary>
    /// <param name="stream">What <see cref="Save"/> wrote and nothing behind it.</param>
    /// <param name="calibration">The calibration rows of that stream.</param>
    /// <exception cref="InvalidDataException">The state is damaged, or of other calibration rows.</exception>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static StreamSelection Load(Stream stream, ConformalSelection calibration)
    {
        ArgumentNullException.ThrowIfNull(calibration);
        var state = SavedState.Read<State>(stream, "The state of the selection", s => s.Options.Validate());
        if (state.Calibration != calibration.Fingerprint)
            throw new InvalidDataException("The state of the selection was made with other calibration rows than these. Load the calibration it was made with, or start a new stream.");
        if (!(state.EValue >= 0 && double.IsFinite(state.EValue)) || state.Row < 0 || state.Row > state.Options.Window || state.Selected < 0 || state.Selected > state.Row || state.Count < state.Row)
            throw new InvalidDataException($"The state of the selection is at row {state.Row} of a window of {state.Options.Window}, {state.Selected} of them selected, after {state.Count} rows, with the e-value {state.EValue.ToString(CultureInfo.InvariantCulture)}. No stream leaves such a state.");
        try
        {
            return new StreamSelection(calibration, state.Options) { EValue = state.EValue, count = state.Count, row = state.Row, selected = state.Selected };
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The state of the selection has options that no stream of these calibration rows has: {e.Message}", e);
        }
    }

    private sealed record State(StreamOptions Options, string Calibration, double EValue, long Count, int Row, int Selected);

    private static double Weight(int t) => 1 / ((t + 1) * Math.Pow(Math.Log(t + 1), 2));
}
