using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Trades on CFMM networks as ML.NET sees them.</summary>
internal sealed class CfmmTransformerLaws
{
    private static readonly MLContext Ml = new(1);
    internal static readonly CfmmNetwork Network = CfmmSimulation.Network;

    private static readonly Lazy<TransformerChain<CertifierTransformer>> Lazy = new(() =>
    {
        var learned = Trainer().Fit(View(Rows(1, 300)));
        return new TransformerChain<ITransformer>(learned).Append(Certifier().Fit(learned.Transform(View(Rows(2, 100)))));
    });

    private static ImplicitModelTrainer Trainer() => Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = Network, Prices = [.. CfmmSimulation.Prices] }, new ImplicitModelTrainer.Options
    {
        BatchSize = 16,
        Training = new TrainingOptions { Epochs = 3, BatchSize = 100, LearningRate = 0.03, ValidationFraction = 0.2 },
    });

    private static CertifierEstimator Certifier() => Ml.L2O().Certify(
        new CertifiedProperty("TradeRisk"), new CertifiedProperty("Profit"), new CertifiedProperty("Feasibility", Tolerance: 1e-9), new CertifiedProperty("Solved", "Converged"));

    private static Row[] Rows(int seed, int count)
    {
        var random = new Random(seed);
        var reserves = CfmmSimulation.Reserves(count, random);
        var observed = CfmmSimulation.Observe(Network, reserves, 0.001, random);
        return [.. Enumerable.Range(0, count).Select(i => new Row { Reserves = observed[(i * 11)..((i + 1) * 11)], TrueReserves = reserves[(i * 11)..((i + 1) * 11)] })];
    }

    private static IDataView View<T>(IEnumerable<T> rows)
        where T : class => Ml.Data.LoadFromEnumerable(rows);

    private static Output[] Read(IDataView view) => [.. Ml.Data.CreateEnumerable<Output>(view, reuseRowObject: false)];

    [Test]
    public void Schema_promised_is_schema_produced()
    {
        var input = View(Rows(1, 3));
        var shape = Shapes.Of(input.Schema);
        var promised = Trainer().GetOutputSchema(shape);
        var produced = Lazy.Value.First().GetOutputSchema(input.Schema);
        Assert.That(promised.Select(c => c.Name), Is.EquivalentTo(produced.Select(c => c.Name)));
        foreach (var column in promised)
        {
            var type = produced[column.Name].Type;
            Assert.That(column.ItemType.RawType, Is.EqualTo((type as VectorDataViewType)?.ItemType.RawType ?? type.RawType), column.Name);
            Assert.That(column.Kind == SchemaShape.Column.VectorKind.Scalar, Is.EqualTo(type is not VectorDataViewType), column.Name);
        }

        Assert.That(((VectorDataViewType)produced["Tender"].Type).Size, Is.EqualTo(11));
    }

    [Test]
    public void Every_way_of_reading_gives_the_same_trades()
    {
        var rows = Rows(3, 40);
        var expected = Read(Lazy.Value.Transform(View(rows)));
        Assert.That(expected.Select(r => r.Converged), Has.All.True);
        Assert.That(expected.Select(r => r.Feasibility), Has.All.LessThan(1e-9));
        using var engine = Ml.Model.CreatePredictionEngine<Row, Output>(Lazy.Value);
        for (var i = 0; i < rows.Length; i++)
        {
            var one = engine.Predict(rows[i]);
            Assert.That(one.Tender, Is.EqualTo(expected[i].Tender).Within(1e-9));
            Assert.That(one.FailedParts, Is.EqualTo(expected[i].FailedParts));
        }
    }

    [Test]
    public void Saved_and_loaded_models_give_the_same_bits()
    {
        var rows = View(Rows(4, 40));
        using var stream = new MemoryStream();
        Ml.Model.Save(Lazy.Value, rows.Schema, stream);
        stream.Position = 0;
        var (expected, actual) = (Read(Lazy.Value.Transform(rows)), Read(new MLContext().Model.Load(stream, out _).Transform(rows)));
        Assert.That(actual.SelectMany(r => r.Numbers), Is.EqualTo(expected.SelectMany(r => r.Numbers)));
        Assert.That(actual.Select(r => r.FailedParts), Is.EqualTo(expected.Select(r => r.FailedParts)));
    }

    [Test]
    public void Bad_rows_never_trade_and_fail_every_certificate([Values(0, -3, double.NaN, double.PositiveInfinity)] double bad)
    {
        var rows = Rows(5, 12);
        rows[4].Reserves = [.. rows[4].Reserves];
        rows[4].Reserves[2] = bad;
        rows[7].Reserves = [];
        var loose = rows.Select(r => new LooseRow { Reserves = r.Reserves }).ToArray();
        var clean = Read(Lazy.Value.Transform(View(Rows(5, 12))));
        var result = Read(Lazy.Value.Transform(View(loose)));
        foreach (var row in new[] { result[4], result[7] })
        {
            Assert.That(row.Tender.Concat(row.Receive), Has.All.NaN);
            Assert.That(row.Trustworthy, Is.False);
            Assert.That(row.FailedParts, Is.EqualTo("TradeRisk, Profit, Feasibility, Solved"));
        }

        Assert.That(result[5].Tender, Is.EqualTo(clean[5].Tender).Within(1e-9));
    }

    /// <summary>A pool without reserves must not cost the trades with the others.</summary>
    [Test]
    public void A_dead_pool_costs_the_row_no_other_trade()
    {
        var network = new CfmmNetwork(["a", "b"], [.. Enumerable.Range(1, 3).Select(j => new Cfmm($"pool {j}", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric))]);
        var trainer = Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = network, Prices = [1, 1], LearnTrades = false });
        LooseRow[] rows = [new() { Reserves = [0, 0, 1, 2, 1, 3] }, new() { Reserves = [1, 1, 1, 2, 1, 3] }, new() { Reserves = [0, 1, 1, 2, 1, 3] }];
        Output[] result = [.. Ml.Data.CreateEnumerable<Output>(trainer.Fit(View(rows)).Transform(View(rows)), reuseRowObject: false, ignoreMissingColumns: true)];
        Assert.That(result[0].Tender, Is.EqualTo(result[1].Tender).Within(1e-12).And.Some.GreaterThan(0.1));
        Assert.That(result[0].Receive, Is.EqualTo(result[1].Receive).Within(1e-12));
        Assert.That(result[0].Converged, Is.True);
        Assert.That(new[] { result[0].Risk, result[0].Feasibility, result[0].Residual, result[0].Utility }, Is.EqualTo(new[] { result[1].Risk, result[1].Feasibility, result[1].Residual, result[1].Utility }).Within(1e-9));
        Assert.That(result[2].Converged, Is.False, "half a pool is an error");
        Assert.That(result[2].Tender, Has.All.NaN);
    }

    [Test]
    public void Prices_per_row_and_single_precision_are_read()
    {
        var rows = Rows(6, 10);
        var trainer = Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = Network, LearnTrades = false });
        var priced = rows.Select(r => new PricedRow { Reserves = [.. r.Reserves.Select(v => (float)v)], Prices = [1f, 1.9f, 0.5f] }).ToArray();
        var actual = trainer.Fit(View(priced)).Transform(View(priced)).GetColumn<double[]>("Tender").ToArray();
        var fixedPrices = Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = Network, Prices = [.. CfmmSimulation.Prices], LearnTrades = false });
        var expected = fixedPrices.Fit(View(rows)).Transform(View(rows)).GetColumn<double[]>("Tender").ToArray();
        for (var i = 0; i < rows.Length; i++)
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(1e-4));
    }

    [Test]
    public void Wrong_columns_and_options_are_refused_by_name()
    {
        var wrong = View(new[] { new ShortRow() });
        Assert.That(() => Trainer().Fit(wrong), Throws.InvalidOperationException.With.Message.Contains("'Reserves'").And.Message.Contains("vector of 11 numbers"));
        Assert.That(() => Lazy.Value.Transform(wrong), Throws.InvalidOperationException.With.Message.Contains("'Reserves'"));
        var loose = View(new[] { new LooseRow { Reserves = [1, 2, 3] } });
        Assert.That(() => Read(Lazy.Value.Transform(loose)), Throws.InvalidOperationException.With.Message.Contains("3 in one of its rows"));
        Assert.That(() => Trainer().Fit(View(Rows(1, 5).Select(r => new Row { Reserves = new double[11], TrueReserves = r.TrueReserves }))), Throws.InvalidOperationException.With.Message.Contains("no rows to train on"));
        ImplicitModelTrainer Make(double[]? prices, ImplicitModelTrainer.Options? options = null) => Ml.L2O().Trainers.CfmmTrade(new CfmmTradeDefinition { Network = Network, Prices = prices }, options ?? new());
        var rows = View(Rows(1, 5));
        Assert.That(() => Make(null).Fit(rows), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'Prices'"));
        Assert.That(() => Make([1, 2, 3], new() { ColumnNames = new Dictionary<string, string> { ["Prices"] = "P" } }), Throws.ArgumentException.With.Message.Contains("'Prices'").And.Message.Contains("no column"));
        Assert.That(() => Make([1, 2]), Throws.ArgumentException.With.Message.Contains("3 tokens"));
        Assert.That(() => Make([1, 0, 2]), Throws.ArgumentException.With.Message.Contains("positive"));
        Assert.That(() => Make([1, 2, 3], new() { BatchSize = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("BatchSize = 0"));
    }

    private sealed class Row
    {
        [VectorType(11)]
        public double[] Reserves { get; set; } = new double[11];

        [VectorType(11)]
        public double[] TrueReserves { get; set; } = new double[11];
    }

    private sealed class LooseRow
    {
        public double[] Reserves { get; set; } = [];
    }

    private sealed class PricedRow
    {
        [VectorType(11)]
        public float[] Reserves { get; set; } = [];

        [VectorType(3)]
        public float[] Prices { get; set; } = [];
    }

    private sealed class ShortRow
    {
        [VectorType(3)]
        public double[] Reserves { get; set; } = new double[3];
    }

    internal sealed class Output
    {
        public double[] Tender { get; set; } = [];

        public double[] Receive { get; set; } = [];

        public double Utility { get; set; }

        [ColumnName("TradeRisk.Value")]
        public double Risk { get; set; }

        [ColumnName("Feasibility.Value")]
        public double Feasibility { get; set; }

        public double Residual { get; set; }

        public bool Converged { get; set; }

        public bool Trustworthy { get; set; }

        public string FailedParts { get; set; } = "";

        public double[] Numbers => [.. Tender, .. Receive, Utility, Risk, Feasibility, Residual];
    }
}
