using System.Diagnostics.CodeAnalysis;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Decides a trade for every row and appends it with its property values and the solve's report. See <see cref="CfmmTradeTrainer"/> for
/// the columns.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A prediction engine disposes a disposable transformer with itself, and with it every view made from it; the finalisers of the few tensors here free them.")]
public sealed class CfmmTradeTransformer : BatchTransformer
{
    internal const string LoaderSignature = "XaiL2OCfmmTrade";

    private readonly IHostEnvironment environment;
    private readonly Settings settings;
    private readonly CfmmTradeModel model;
    private readonly double[]? prices;

    internal CfmmTradeTransformer(IHostEnvironment environment, Settings settings, CfmmTradeModel model, TrainingResult? training)
    {
        (this.environment, this.settings, this.model, Training) = (environment, settings, model, training);
        prices = settings.Prices?.ToArray();
        OutputColumns = Columns(settings, model.Network.ReserveCount);
    }

    internal sealed record Settings(
        string Network,
        IReadOnlyList<double>? Prices,
        string? PriceColumnName,
        string ReserveColumnName,
        string TenderColumnName,
        string ReceiveColumnName,
        string UtilityColumnName,
        int BatchSize,
        CfmmTradeOptions Model,
        FixedPointOptions Solver);

    /// <summary>What training did; null for a model that was loaded or not trained.</summary>
    public TrainingResult? Training { get; }

    /// <summary>The network.</summary>
    public CfmmNetwork Network => model.Network;

    /// <summary>The trained model, for instance to evaluate its properties on other trades. Do not change its weights.</summary>
    public CfmmTradeModel Model => model;

    internal override int BatchSize => settings.BatchSize;

    internal override IReadOnlyList<string> InputColumnNames => settings.PriceColumnName is { } p ? [settings.ReserveColumnName, p] : [settings.ReserveColumnName];

    internal override IReadOnlyList<(string Name, DataViewType Type)> OutputColumns { get; }

    internal static Settings SettingsOf(CfmmTradeTrainer.Options options) => new(
        options.Network.ToJson(), options.Prices, options.PriceColumnName, options.ReserveColumnName, options.TenderColumnName,
        options.ReceiveColumnName, options.UtilityColumnName, options.BatchSize, options.Model, options.Solver);

    internal static IReadOnlyList<(string Name, DataViewType Type)> Columns(Settings settings, int size) =>
    [
        (settings.TenderColumnName, new VectorDataViewType(NumberDataViewType.Double, size)),
        (settings.ReceiveColumnName, new VectorDataViewType(NumberDataViewType.Double, size)),
        (settings.UtilityColumnName, NumberDataViewType.Double),
        ("TradeRisk.Value", NumberDataViewType.Double),
        ("Profit.Value", NumberDataViewType.Double),
        ("Feasibility.Value", NumberDataViewType.Double),
        ("Iterations", NumberDataViewType.Int32),
        ("Residual", NumberDataViewType.Double),
        ("Converged", BooleanDataViewType.Instance),
    ];

    internal override string? CauseOf(string columnName) => columnName is "Residual" or "Converged"
        ? "reserves or prices that are not positive and finite, or a solve that stopped at its iteration limit"
        : model.Terms.FirstOrDefault(term => term.Name + ".Value" == columnName)?.Cause;

    internal override void CheckInput(DataViewSchema schema)
    {
        ColumnCheck.NumberVector(schema, settings.ReserveColumnName, model.Network.ReserveCount);
        if (settings.PriceColumnName is { } column)
            ColumnCheck.NumberVector(schema, column, model.Network.Tokens.Count);
    }

    internal override IRowBatch OpenBatch(DataViewRow source, int capacity) => new TradeBatch(this, source, capacity);

    /// <summary>Copies a row's values; an empty vector is a missing one.</summary>
    internal static void Copy(ReadOnlySpan<double> values, Span<double> destination, string column)
    {
        if (values.Length == 0)
            destination.Fill(double.NaN);
        else if (values.Length == destination.Length)
            values.CopyTo(destination);
        else
            throw ColumnCheck.WrongLength(column, destination.Length, values.Length);
    }

    private protected override void Save(ModelSaveContext context)
    {
        context.CheckAtModel();
        context.SetVersionInfo(Version());
        var payload = ModelPayload.Of(settings);
        foreach (var array in model.ExportWeights())
            payload.Add(array.Name, [.. array.Shape], array.Values);
        payload.Save(context);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O CFM", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var settings = payload.ReadSettings<Settings>();
            var network = CfmmNetwork.Parse(settings.Network, "The model file");
            new CfmmTradeTrainer.Options
            {
                Network = network,
                Prices = settings.Prices,
                PriceColumnName = settings.PriceColumnName,
                ReserveColumnName = settings.ReserveColumnName,
                TenderColumnName = settings.TenderColumnName,
                ReceiveColumnName = settings.ReceiveColumnName,
                UtilityColumnName = settings.UtilityColumnName,
                BatchSize = settings.BatchSize,
                Model = settings.Model,
                Solver = settings.Solver,
            }.Validate();
            var model = new CfmmTradeModel(network, settings.Model);
            model.ImportWeights(payload.Weights(model.Weights.Select(w => w.Name)));
            return new CfmmTradeTransformer(env, settings, model, null);
        });
    }

    private sealed class TradeBatch : IRowBatch
    {
        private readonly CfmmTradeTransformer parent;
        private readonly int width;
        private readonly int tokens;
        private readonly double[] reserves;
        private readonly double[] prices;
        private readonly VectorReader reserveReader;
        private readonly VectorReader? priceReader;

        public TradeBatch(CfmmTradeTransformer parent, DataViewRow source, int capacity)
        {
            this.parent = parent;
            (width, tokens) = (parent.model.Network.ReserveCount, parent.model.Network.Tokens.Count);
            (reserves, prices) = (new double[capacity * width], new double[capacity * tokens]);
            reserveReader = VectorReader.Create(source, source.Schema[parent.settings.ReserveColumnName]);
            priceReader = parent.settings.PriceColumnName is { } column ? VectorReader.Create(source, source.Schema[column]) : null;
        }

        public void Read(int slot)
        {
            Copy(reserveReader.Read(), reserves.AsSpan(slot * width, width), parent.settings.ReserveColumnName);
            if (priceReader is not null)
                Copy(priceReader.Read(), prices.AsSpan(slot * tokens, tokens), parent.settings.PriceColumnName!);
        }

        public Array[] Compute(int count)
        {
            var d = reserves[..(count * width)];
            var p = parent.prices ?? prices[..(count * tokens)];
            var trades = parent.model.Decide(d, p, parent.settings.Solver);
            SolveLog.Write(parent.environment, nameof(CfmmTradeTransformer), trades.Status, trades.Residual, parent.settings.Solver);
            var values = parent.model.PropertyValues(trades, d, p);
            VBuffer<double>[] Rows(double[] flat) => [.. flat.Chunk(width).Select(row => new VBuffer<double>(width, row))];
            double Utility(int row) => CfmmExecution.Utility(
                parent.model.Network, parent.prices ?? p.AsSpan(row * tokens, tokens), trades.Tender.AsSpan(row * width, width), trades.Receive.AsSpan(row * width, width));
            return
            [
                Rows(trades.Tender),
                Rows(trades.Receive),
                Enumerable.Range(0, count).Select(Utility).ToArray(),
                values[0],
                values[1],
                values[2],
                trades.Iterations,
                trades.Residual,
                trades.Status.Select(s => s == SolveStatus.Converged).ToArray(),
            ];
        }
    }
}
