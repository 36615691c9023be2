using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using TorchSharp;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Learns to trade on a network of constant function market makers whose reserves are observed with errors, so that trades execute, at a
/// profit, on the true reserves (Heaton and Wu Fung, <i>Scientific Reports</i> 13:10103, 2023, doi 10.1038/s41598-023-36249-3, eq. (23)).
/// </summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>reserves (input)</term><description>vector of N <see cref="float"/> or <see cref="double"/>, ordered as <see cref="CfmmNetwork"/> says</description></item>
/// <item><term>prices (input, optional)</term><description>vector of one <see cref="float"/> or <see cref="double"/> per token</description></item>
/// <item><term>true reserves (training only)</term><description>vector of N <see cref="float"/> or <see cref="double"/></description></item>
/// <item><term>tender, receive (output)</term><description>vectors of N <see cref="double"/> ≥ 0 in units of the tokens; NaN where nothing was solved</description></item>
/// <item><term>utility (output)</term><description><see cref="double"/>, ⟨p, y − x⟩</description></item>
/// <item><term><c>TradeRisk.Value</c>, <c>Profit.Value</c>, <c>Feasibility.Value</c>, <c>Residual</c> (output)</term><description><see cref="double"/></description></item>
/// <item><term><c>Iterations</c>, <c>Converged</c> (output)</term><description><see cref="int"/>, <see cref="bool"/></description></item>
/// </list>
/// Training starts from the margin rule tuned on its rows. Nothing is traded with a CFMM that has 0 of every token. A row whose other
/// reserves or prices are not positive and finite, or are an empty vector, gets NaN outputs and <c>Converged</c> = false, never a trade.
/// Training leaves out rows of both kinds.
/// </remarks>
/// <seealso cref="L2OCatalog.TrainersCatalog"/>
public sealed class CfmmTradeTrainer : IEstimator<CfmmTradeTransformer>
{
    private readonly IHostEnvironment environment;
    private readonly Options options;

    internal CfmmTradeTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ColumnCheck.Outputs(CfmmTradeTransformer.Columns(CfmmTradeTransformer.SettingsOf(options), options.Network.ReserveCount));
        (this.environment, this.options) = (environment, options);
    }

    /// <summary>Settings of <see cref="CfmmTradeTrainer"/>.</summary>
    public sealed record Options
    {
        /// <summary>The CFMMs. Required.</summary>
        public required CfmmNetwork Network { get; init; }

        /// <summary>Prices p, one per token, for all rows; null where each row has its own in <see cref="PriceColumnName"/>.</summary>
        public IReadOnlyList<double>? Prices { get; init; }

        /// <summary>Input column with prices per row; null where <see cref="Prices"/> serve all rows.</summary>
        public string? PriceColumnName { get; init; }

        /// <summary>Input column: observed reserves d.</summary>
        public string ReserveColumnName { get; init; } = "Reserves";

        /// <summary>Training column: true reserves r.</summary>
        public string TrueReserveColumnName { get; init; } = "TrueReserves";

        /// <summary>Column appended with the amounts to tender, x.</summary>
        public string TenderColumnName { get; init; } = "Tender";

        /// <summary>Column appended with the amounts to receive, y.</summary>
        public string ReceiveColumnName { get; init; } = "Receive";

        /// <summary>Column appended with the predicted utility ⟨p, y − x⟩.</summary>
        public string UtilityColumnName { get; init; } = "Utility";

        /// <summary>Whether the risk and the margins are trained; false keeps the initial margins and a negligible risk. Default true.</summary>
        public bool Train { get; init; } = true;

        /// <summary>Model settings. Without initial margins, training starts from the tuned margin rule.</summary>
        public CfmmTradeOptions Model { get; init; } = new();

        /// <summary>Training settings.</summary>
        public TrainingOptions Training { get; init; } = new() { Epochs = 40, BatchSize = 250, LearningRate = 0.03, ValidationFraction = 0.2, Patience = 0, WarmStart = false };

        /// <summary>Limits of a solve. The residual tolerance concerns the few solves that Newton's method does not finish.</summary>
        public FixedPointOptions Solver { get; init; } = new() { MaxIterations = 5000, ResidualTolerance = 1e-11, CheckEvery = 20 };

        /// <summary>Rows solved together by the transformer, in [1, 2²⁰]. Default 512.</summary>
        public int BatchSize { get; init; } = 512;

        /// <summary>Receives training progress.</summary>
        public IProgress<TrainingProgress>? Progress { get; init; }

        /// <summary>
        /// Ends training early with the best weights so far, at first those it starts from. Cancelled before the training rows are read, there are none yet, and
        /// <c>Fit</c> throws <see cref="OperationCanceledException"/>.
        /// </summary>
        public CancellationToken CancellationToken { get; init; }

        internal void Validate()
        {
            ArgumentNullException.ThrowIfNull(Network);
            ArgumentException.ThrowIfNullOrWhiteSpace(ReserveColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(TrueReserveColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(TenderColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(ReceiveColumnName);
            ArgumentException.ThrowIfNullOrWhiteSpace(UtilityColumnName);
            if (PriceColumnName is not null)
                ArgumentException.ThrowIfNullOrWhiteSpace(PriceColumnName);
            if (Prices is null == PriceColumnName is null)
                throw new ArgumentException($"Give either {nameof(Prices)} for all rows or a {nameof(PriceColumnName)}.");
            if (Prices is not null && Prices.Count != Network.Tokens.Count)
                throw new ArgumentException($"{nameof(Prices)} has {Prices.Count} values; the network has {Network.Tokens.Count} tokens.");
            if (Prices is not null && Prices.Any(p => !(p > 0 && double.IsFinite(p))))
                throw new ArgumentException($"{nameof(Prices)} must be positive and finite; got {string.Join(", ", Prices)}.");
            OptionCheck.Batch(BatchSize);
            ArgumentNullException.ThrowIfNull(Model);
            ArgumentNullException.ThrowIfNull(Training);
            ArgumentNullException.ThrowIfNull(Solver);
            Model.Validate();
            Training.Validate();
            Solver.Validate();
        }
    }

    /// <summary>Trains on the rows of a view.</summary>
    /// <param name="input">Has the reserves, the prices if they are per row and, unless <see cref="Options.Train"/> is false, the true reserves.</param>
    /// <exception cref="InvalidOperationException">A column has another type or size than expected, or no row can be used.</exception>
    public CfmmTradeTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        using var work = NativeWork.Enter();
        // The caller may be in inference mode, whose tensors have no gradients.
        using var mode = torch.inference_mode(false);
        var network = options.Network;
        CheckColumns(input.Schema);
        var model = options.Model;
        var (data, prices, truth) = options.Train ? Read(input) : ([], [], []);
        if (options.Train && model.InitialMargins is null)
            model = model with { InitialMargins = MarginRule.Tune(network, data, prices, truth, options.CancellationToken) };
        var trained = new CfmmTradeModel(network, model);
        TrainingResult? training = null;
        if (options.Train)
        {
            using var scope = torch.NewDisposeScope();
            var rows = truth.Length / network.ReserveCount;
            var d = torch.cat([torch.tensor(data).reshape(rows, -1), torch.tensor(prices).reshape(rows, -1)], 1);
            // A solve is either finished or not worth a gradient: no rising iteration limit.
            var settings = options.Training with { Solver = options.Solver, InitialIterations = options.Solver.MaxIterations, FinalIterations = options.Solver.MaxIterations };
            using var log = new TrainingLog(environment, nameof(CfmmTradeTrainer), options.Progress);
            training = ModelTrainer.Train(trained, d, torch.tensor(truth).reshape(rows, -1), settings, log, options.CancellationToken);
        }

        // Weights are kept in single precision, as they are saved.
        trained.ImportWeights(trained.ExportWeights());
        return new CfmmTradeTransformer(environment, CfmmTradeTransformer.SettingsOf(options), trained, training) { TrainedOn = options.Train ? new(input) : null };
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        ColumnCheck.NumberVector(inputSchema, options.ReserveColumnName);
        if (options.PriceColumnName is { } prices)
            ColumnCheck.NumberVector(inputSchema, prices);
        if (options.Train)
            ColumnCheck.NumberVector(inputSchema, options.TrueReserveColumnName);
        return SchemaShapes.Append(inputSchema, CfmmTradeTransformer.Columns(CfmmTradeTransformer.SettingsOf(options), options.Network.ReserveCount));
    }

    private void CheckColumns(DataViewSchema schema)
    {
        ColumnCheck.NumberVector(schema, options.ReserveColumnName, options.Network.ReserveCount);
        if (options.PriceColumnName is { } prices)
            ColumnCheck.NumberVector(schema, prices, options.Network.Tokens.Count);
        if (options.Train)
            ColumnCheck.NumberVector(schema, options.TrueReserveColumnName, options.Network.ReserveCount);
    }

    private (double[] Data, double[] Prices, double[] Truth) Read(IDataView input)
    {
        var (N, tokens) = (options.Network.ReserveCount, options.Network.Tokens.Count);
        string[] names = [options.ReserveColumnName, options.TrueReserveColumnName, .. options.PriceColumnName is { } p ? new[] { p } : []];
        using var cursor = input.GetRowCursor(names.Select(name => input.Schema[name]));
        var readers = names.Select(name => VectorReader.Create(cursor, input.Schema[name])).ToArray();
        var (data, prices, truth) = (new List<double>(), new List<double>(), new List<double>());
        var row = new[] { new double[N], new double[N], options.Prices?.ToArray() ?? new double[tokens] };
        while (cursor.MoveNext())
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            for (var k = 0; k < readers.Length; k++)
                CfmmTradeTransformer.Copy(readers[k].Read(), row[k], names[k]);
            if (row.Any(values => Array.Exists(values, v => !(v > 0 && double.IsFinite(v)))))
                continue;
            data.AddRange(row[0]);
            truth.AddRange(row[1]);
            prices.AddRange(row[2]);
        }

        if (data.Count == 0)
            throw new InvalidOperationException("There are no rows to train on: none has reserves, true reserves and prices that are positive and finite.");
        return ([.. data], [.. prices], [.. truth]);
    }
}
