using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Appends certificates to every row. See <see cref="CertifierEstimator"/> for the columns.</summary>
public sealed class CertifierTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCertifier";

    /// <summary>Whether the calibration rows told groups by the numbers of a key; null where there are no groups, or a zip says nothing of it.</summary>
    private readonly bool? groupsByNumber;

    internal CertifierTransformer(CertifierOptions options, Certifier certifier, bool? groupsByNumber)
    {
        (Options, Certifier, this.groupsByNumber) = (options, certifier, groupsByNumber);
        OutputColumns = Columns(options, 1, [], 0);
    }

    /// <summary>The calibrated certifier: distributions, limits and labels as plain mathematics.</summary>
    public Certifier Certifier { get; }

    /// <summary>Settings, with the causes that came with the columns.</summary>
    internal CertifierOptions Options { get; }

    // Judging a row takes well under a microsecond; reading ahead would cost more than it saves.
    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames =>
        [.. Options.Properties.SelectMany(p => p.Columns).Concat(Options.GroupColumnName is { } group ? [group] : []).Distinct()];

    internal override IReadOnlyList<OutputColumn> OutputColumns { get; }

    internal override IReadOnlyList<OutputColumn> ColumnsAfter(DataViewSchema inputSchema) =>
        Columns(Options, inputSchema.Max(ColumnNotes.CertifierOf) + 1, EarlierVerdict.PartsIn(inputSchema), EarlierVerdict.TestsIn(inputSchema) ?? 0);

    /// <summary>The columns appended.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="place">The place of the certifier among those of the chain.</param>
    /// <param name="parts">Names of the certificates before.</param>
    /// <param name="tests">How many of them are judged by calibration.</param>
    internal static IReadOnlyList<OutputColumn> Columns(CertifierOptions options, int place, IReadOnlyList<string> parts, int tests)
    {
        OutputColumn[] columns =
        [
            .. options.Properties.SelectMany(p => (IEnumerable<OutputColumn>)[
                .. p.AppendsValue ? [new OutputColumn(p.Name + ".Value", NumberDataViewType.Double) { Repeats = p.Function is null ? p.Column : null }] : Array.Empty<OutputColumn>(),
                new OutputColumn(p.Name + ".PValue", NumberDataViewType.Double),
                new OutputColumn(p.Name + ".Label", TextDataViewType.Instance) { ByLimit = p.Limits is not null }]),
            .. CertificateColumns.Verdict(options.OutputPrefix, [.. parts, .. options.Properties.Select(p => p.Name)], tests + options.Properties.Count(p => p.Limits is null)),
        ];
        ColumnCheck.Outputs(columns);
        return [.. columns.Select(c => c with { Certifier = place })];
    }

    internal override IEnumerable<DataViewSchema.Column> ReadColumns(DataViewSchema schema) => base.ReadColumns(schema).Concat(EarlierVerdict.Columns(schema));

    internal override void CheckInput(DataViewSchema schema)
    {
        ColumnCheck.Certified(schema, Options, calibrates: false);
        CheckGroups(schema);
    }

    /// <summary>Throws where groups of the rows would be taken for others, because one side tells them by value and the other by the number of a key.</summary>
    internal void CheckGroups(DataViewSchema schema)
    {
        if (groupsByNumber is { } byNumber)
            GroupReader.CheckKind(schema[Options.GroupColumnName!], byNumber);
    }

    internal override IRowBatch OpenBatch(DataViewRow source) => OpenBatch(source, [.. OutputColumns.Select(_ => true)]);

    internal override IRowBatch OpenBatch(DataViewRow source, IReadOnlyList<bool> activeOutputs) =>
        new JudgeBatch(this, source, BatchSize, explains: activeOutputs[^1]);

    /// <summary>What every certificate fails at, and how often by chance given the calibration rows; see <see cref="Certifiers.Certifier.ToString"/>.</summary>
    public override string ToString() => Certifier.ToString();

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        CertifierPayload.Of(Options, Certifier, groupsByNumber).Save(context);
    }

    // 2: functions, limits, joint rules, groups and sketches; 3: sides, and calibration on truths; 4: prefixes; 5: confidences. What 2 to 4 stored means the same in 5.
    private static VersionInfo Version() => ModelHeader.Of("XL2O CRT", LoaderSignature, version: 0x00010005, oldest: 0x00010002);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var (options, data, groupsByNumber) = CertifierPayload.Read(payload);
            return new CertifierTransformer(options, data.Calibrate(options), groupsByNumber);
        });
    }
}
