using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace XaiL2O.Certifiers;

/// <summary>
/// What certificates, bounds and selections say of a model and of evaluated rows, for people (<see cref="ToHtml"/>: one file without outside references, in light
/// and dark, for screens of any width) and for programs (<see cref="ToJson"/>).
/// </summary>
public sealed record CertificateReport
{
    private static JsonSerializerOptions? jsonOptions;

    /// <summary>Title.</summary>
    public required string Title { get; init; }

    /// <summary>A sentence or two on model and data; empty for none.</summary>
    public string Summary { get; init; } = "";

    /// <summary>When the report was made.</summary>
    public DateTimeOffset Created { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>Rule of the joint verdict; of the last certifier where a chain has several.</summary>
    public required JointPolicy Joint { get; init; }

    /// <summary>Rules of the certifiers before it, in the order of the chain; a row is trustworthy if all say so.</summary>
    public IReadOnlyList<JointPolicy> EarlierJoint { get; init; } = [];

    /// <summary>The properties in order.</summary>
    public required IReadOnlyList<ReportProperty> Properties { get; init; }

    /// <summary>Calibration rows of groups that have a calibration of their own; empty without groups.</summary>
    public required IReadOnlyDictionary<string, int> CalibrationGroups { get; init; }

    /// <summary>What happens to rows of other groups; without meaning where there are none.</summary>
    public required GroupFallback Fallback { get; init; }

    /// <summary>Verdicts of all rows.</summary>
    public required ReportCounts Overall { get; init; }

    /// <summary>Verdicts by set of rows; empty where rows were not divided.</summary>
    public required IReadOnlyDictionary<string, ReportCounts> Sets { get; init; }

    /// <summary>Verdicts by calibration group; empty without groups.</summary>
    public required IReadOnlyDictionary<string, ReportCounts> Groups { get; init; }

    /// <summary>The rows with the smallest joint p-values.</summary>
    public required IReadOnlyList<ReportRow> WorstRows { get; init; }

    /// <summary>What <see cref="Accuracy"/> measures, for instance <c>PRD in percent</c>; empty where no truth is known.</summary>
    public string ErrorName { get; init; } = "";

    /// <summary>Mean errors by set of rows, the empty name for all together; empty where no truth is known.</summary>
    public IReadOnlyDictionary<string, ReportAccuracy> Accuracy { get; init; } = new Dictionary<string, ReportAccuracy>();

    /// <summary>Bounds on the errors of these rows; none where the model has none.</summary>
    public IReadOnlyList<ReportBound> Bounds { get; init; } = [];

    /// <summary>Selections among these rows; none where the model has none.</summary>
    public IReadOnlyList<ReportSelection> Selections { get; init; } = [];

    /// <summary>How far the solves of these rows may be from their optimum; none where no model of this library solved them.</summary>
    public IReadOnlyList<ReportGap> Gaps { get; init; } = [];

    /// <summary>Largest share of rows like the calibration rows that fails by chance.</summary>
    public double NominalFailShare => ReportConclusion.NominalFailShare(this);

    /// <summary>One sentence: how many rows fail, how many would by chance, and which part they blame; without certificates what bounds, selections and gaps come to.</summary>
    public string Conclusion => ReportConclusion.Of(this);

    /// <summary>The report as one HTML document.</summary>
    public string ToHtml() => HtmlReport.Render(this);

    /// <summary>The report as JSON.</summary>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public string ToJson() => JsonSerializer.Serialize(this, jsonOptions ??= new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    });

    /// <summary>Writes <see cref="ToHtml"/> to a file, and <see cref="ToJson"/> beside it.</summary>
    /// <param name="htmlPath">Path of the HTML file; the JSON file gets the same name with the extension <c>.json</c>.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public void Save(string htmlPath)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(htmlPath);
        FileReplacement.WriteText(htmlPath, ToHtml());
        FileReplacement.WriteText(Path.ChangeExtension(htmlPath, ".json"), ToJson() + "\n");
    }
}
