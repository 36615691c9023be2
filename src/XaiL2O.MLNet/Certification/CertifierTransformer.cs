using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Appends certificates to every row. See <see cref="CertifierEstimator"/> for the columns.</summary>
public sealed class CertifierTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCertifier";

    private readonly CertifierOptions options;

    internal CertifierTransformer(CertifierOptions options, Certifier certifier)
    {
        (this.options, Certifier) = (options, certifier);
        OutputColumns = Columns(options);
    }

    /// <summary>The calibrated certifier: distributions, limits and labels as plain mathematics.</summary>
    public Certifier Certifier { get; }

    // Judging a row takes well under a microsecond; reading ahead would cost more than it saves.
    internal override int BatchSize => 1;

    internal override IReadOnlyList<string> InputColumnNames => [.. options.Properties.Select(p => p.Column)];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(CertifierOptions options) =>
    [
        .. options.Properties.SelectMany(p => new (string, DataViewType)[] { (p.Name + ".PValue", NumberDataViewType.Double), (p.Name + ".Label", TextDataViewType.Instance) }),
        ("Trustworthy", BooleanDataViewType.Instance),
        ("FailedParts", TextDataViewType.Instance),
    ];

    internal override void CheckInput(DataViewSchema schema)
    {
        foreach (var property in options.Properties)
            ColumnCheck.Property(schema, property.Column);
    }

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new JudgeBatch(this, source, capacity);

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        var payload = ModelPayload.Of(options);
        foreach (var property in Certifier.Properties)
            payload.Add(property.Name, [property.Distribution.Count], property.Distribution.Values.ToArray());
        payload.Save(context);
    }

    private static VersionInfo Version() => new(
        modelSignature: "XL2O CRT",
        verWrittenCur: 0x00010001,
        verReadableCur: 0x00010001,
        verWeCanReadBack: 0x00010001,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: typeof(CertifierTransformer).Assembly.FullName);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        var payload = ModelPayload.Load(ctx);
        var options = payload.ReadSettings<CertifierOptions>();
        return new CertifierTransformer(options, new Certifier(options.Properties.Select(p =>
            new PropertyCertifier(p.Name, new EmpiricalDistribution(payload.Array<double>(p.Name)), options.Policy, options.Calibration, p.Tolerance))));
    }

    private sealed class JudgeBatch : IRowBatch
    {
        private readonly Certifier certifier;
        private readonly Func<double>[] getters;
        private readonly double[][] values;

        public JudgeBatch(CertifierTransformer parent, DataViewRow source, int capacity)
        {
            certifier = parent.Certifier;
            getters = [.. parent.options.Properties.Select(p => PropertyGetter.Create(source, source.Schema[p.Column]))];
            values = [.. Enumerable.Range(0, capacity).Select(_ => new double[getters.Length])];
        }

        public void Read(int slot)
        {
            for (var i = 0; i < getters.Length; i++)
                values[slot][i] = getters[i]();
        }

        public Array[] Compute(int rows)
        {
            var verdicts = values.Take(rows).Select(v => certifier.Certify(v)).ToArray();
            return
            [
                .. Enumerable.Range(0, getters.Length).SelectMany(i => new Array[]
                {
                    verdicts.Select(v => v.Certificates[i].PValue).ToArray(),
                    verdicts.Select(v => v.Certificates[i].Label.ToString().AsMemory()).ToArray(),
                }),
                verdicts.Select(v => v.Trustworthy).ToArray(),
                verdicts.Select(v => string.Join(", ", v.FailedParts).AsMemory()).ToArray(),
            ];
        }
    }
}
