using System.Globalization;
using System.Text.Json.Serialization;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Settings of <see cref="SelectionEstimator"/>.</summary>
public sealed record SelectionOptions
{
    /// <summary>
    /// Column that orders rows from good to bad, a number: for instance a predicted error or a bound on it, where small is good. Any choice keeps the promise; a better one releases more.
    /// Default <c>Score.ErrorBound</c>.
    /// </summary>
    public string RankColumnName { get; init; } = "Score.ErrorBound";

    /// <summary>Whether large values of <see cref="RankColumnName"/> are good, as of a confidence. Default false.</summary>
    public bool LargeIsGood { get; init; }

    /// <summary>
    /// The error above which a row is bad; finite. Where it is null, as by default, a row is bad whose <see cref="OutputColumnName"/> is another label than its
    /// <see cref="TruthColumnName"/>, both text, keys, <see cref="bool"/> or integers. Without use beside <see cref="BadColumnName"/>.
    /// </summary>
    public double? ErrorLimit { get; init; }

    /// <summary>The error that is compared with the limit. A peak signal-to-noise ratio is bad below it.</summary>
    [JsonIgnore]
    public ErrorMeasure Measure { get; init; } = ErrorMeasure.Absolute;

    /// <summary>Column with the inference or the predicted label; read when fitted. Default <c>Score</c>.</summary>
    public string OutputColumnName { get; init; } = "Score";

    /// <summary>Column with the truth; read when fitted. Default <c>Label</c>.</summary>
    public string TruthColumnName { get; init; } = "Label";

    /// <summary>Column that says whether a row is bad, <see cref="bool"/>, for any other meaning of the word; read when fitted. None when null.</summary>
    public string? BadColumnName { get; init; }

    /// <summary>q in (0, 1): at most this share of the selected rows is bad, on average. Default 0.1.</summary>
    public double FalseDiscoveryRate { get; init; } = 0.1;

    /// <summary>
    /// Whether rows are decided on in their order, each before the next is seen; else, and by default, the rows of a view are decided on together, which releases more.
    /// </summary>
    public bool Stream { get; init; }

    /// <summary>Rows of a stream after which it starts anew, see <see cref="StreamOptions.Window"/>. Default 1000.</summary>
    public int Window { get; init; } = 1000;

    /// <summary>The share of a stream that is expected to be selected, see <see cref="StreamOptions.ExpectedShare"/>. Default 0.5.</summary>
    public double ExpectedShare { get; init; } = 0.5;

    /// <summary>Before the name of every appended column, so that several selections of one column fit into a chain. Default none.</summary>
    public string OutputPrefix { get; init; } = "";

    /// <summary>The columns that say which rows are bad.</summary>
    internal IReadOnlyList<string> Judged => BadColumnName is { } bad ? [bad] : [OutputColumnName, TruthColumnName];

    internal StreamOptions StreamOptions => new() { FalseDiscoveryRate = FalseDiscoveryRate, Window = Window, ExpectedShare = ExpectedShare };

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(RankColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(OutputColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(TruthColumnName);
        ArgumentNullException.ThrowIfNull(Measure);
        ArgumentNullException.ThrowIfNull(OutputPrefix);
        if (BadColumnName is not null && string.IsNullOrWhiteSpace(BadColumnName))
            throw new ArgumentException($"{nameof(BadColumnName)} is empty; it must name a column, or be null for none.");
        if (ErrorLimit is { } limit && !double.IsFinite(limit))
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{nameof(ErrorLimit)} = {limit} is out of range; it must be finite."));
        StreamOptions.Validate();
    }
}
