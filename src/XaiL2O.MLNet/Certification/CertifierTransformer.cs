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

    internal override void CheckInput(DataViewSchema schema)
    {
        ColumnCheck.Certified(schema, Options, calibrates: false);
        CheckGroups(schema);
    }

    /// <summary>Throws where groups of the rows would be taken for others, because one side tells them by value and the other by the number of a key.</summary>
    internal void CheckGroups(DataViewSchema schema)
    {
        if (groupsByNumber is { } byNumber && schema[Options.GroupColumnName!] is var column && GroupReader.IsByNumber(column) != byNumber)
            throw new InvalidOperationException($"The group column '{column.Name}' {(byNumber ? "has values" : "is a key without values (KeyValues)")}, and that of the calibration rows {(byNumber ? "was a key without values (KeyValues)" : "had values")}: a number of a key could be taken for another group. Use the same kind of column for both.");
    }

    internal override int? TestsOf(string columnName, DataViewSchema inputSchema) => CertificateColumns.OfVerdict.Contains(columnName)
        ? Certifier.Properties.Count(p => p.Limits is null) + (EarlierVerdict.TestsIn(inputSchema) ?? 0)
        : null;

    // What is said of the row as a whole is taken up by the next certifier.
    internal override string? OwnerOf(string columnName) => CertificateColumns.OfVerdict.Contains(columnName) ? null : "certifier";

    internal override bool? IsByLimit(string columnName) => Options.Properties.FirstOrDefault(p => columnName == p.Name + ".Label") is { } property ? property.Limits is not null : null;

    internal override IRowBatch OpenBatch(DataViewRow source) => OpenBatch(source, [.. OutputColumns.Select(_ => true)]);

    internal override IRowBatch OpenBatch(DataViewRow source, IReadOnlyList<bool> activeOutputs) =>
        new JudgeBatch(this, source, BatchSize, explains: activeOutputs[^1]);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        CertifierPayload.Of(Options, Certifier, groupsByNumber).Save(context);
    }

    // 2: functions, limits, joint rules, groups and sketches; 3: sides, and calibration on truths. What 2 stored means the same in 3.
    private static VersionInfo Version() => ModelHeader.Of("XL2O CRT", LoaderSignature, version: 0x00010003, oldest: 0x00010002);

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
