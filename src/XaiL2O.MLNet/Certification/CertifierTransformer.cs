using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Appends certificates to every row. See <see cref="CertifierEstimator"/> for the columns.</summary>
public sealed class CertifierTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCertifier";

    internal CertifierTransformer(CertifierOptions options, Certifier certifier)
    {
        (Options, Certifier) = (options, certifier);
        OutputColumns = Columns(options);
    }

    /// <summary>The calibrated certifier: distributions, limits and labels as plain mathematics.</summary>
    public Certifier Certifier { get; }

    /// <summary>Settings, with the causes that came with the columns.</summary>
    internal CertifierOptions Options { get; }

    // Judging a row takes well under a microsecond; reading ahead would cost more than it saves.
    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames =>
        [.. Options.Properties.SelectMany(p => p.Columns).Concat(Options.GroupColumnName is { } group ? [group] : []).Distinct()];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(CertifierOptions options) =>
    [
        .. options.Properties.SelectMany(p => (IEnumerable<(string, DataViewType)>)[
            .. p.AppendsValue ? [(p.Name + ".Value", (DataViewType)NumberDataViewType.Double)] : Array.Empty<(string, DataViewType)>(),
            (p.Name + ".PValue", NumberDataViewType.Double),
            (p.Name + ".Label", TextDataViewType.Instance)]),
        (CertificateColumns.Trustworthy, BooleanDataViewType.Instance),
        (CertificateColumns.JointPValue, NumberDataViewType.Double),
        (CertificateColumns.FailedParts, TextDataViewType.Instance),
        (CertificateColumns.WarnedParts, TextDataViewType.Instance),
        (CertificateColumns.Explanation, TextDataViewType.Instance),
    ];

    internal override IEnumerable<DataViewSchema.Column> ReadColumns(DataViewSchema schema) => base.ReadColumns(schema).Concat(EarlierVerdict.Columns(schema));

    internal override void CheckInput(DataViewSchema schema) => ColumnCheck.Certified(schema, Options, calibrates: false);

    internal override int? TestsOf(string columnName, DataViewSchema inputSchema) => CertificateColumns.OfVerdict.Contains(columnName)
        ? Certifier.Properties.Count(p => p.Limits is null) + (EarlierVerdict.TestsIn(inputSchema) ?? 0)
        : null;

    internal override bool IsByLimit(string columnName) => Options.Properties.Any(p => p.Limits is not null && columnName == p.Name + ".Label");

    internal override IRowBatch OpenBatch(DataViewRow source) => OpenBatch(source, [.. OutputColumns.Select(_ => true)]);

    internal override IRowBatch OpenBatch(DataViewRow source, IReadOnlyList<bool> activeOutputs) =>
        new JudgeBatch(this, source, BatchSize, explains: activeOutputs[^1]);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        CertifierPayload.Of(Options, Certifier).Save(context);
    }

    // 2: functions, limits, joint rules, groups and sketches; 3: sides, and calibration on truths. What 2 stored means the same in 3.
    private static VersionInfo Version() => ModelHeader.Of("XL2O CRT", LoaderSignature, version: 0x00010003, oldest: 0x00010002);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var (options, data) = CertifierPayload.Read(payload);
            return new CertifierTransformer(options, data.Calibrate(options));
        });
    }
}
