using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>
/// Everything that this library adds to ML.NET, on problems as small as they can be. A new estimator or transformer is covered by one more line in <see cref="All"/>.
/// </summary>
internal static class ConformanceCases
{
    private static readonly MLContext Ml = new(1);
    private static readonly float[,] A = { { 1, 0, 2, 0, 1, -1 }, { 0, 1, -1, 1, 0, 2 }, { 1, 1, 0, -2, 1, 0 }, { 0, 2, 1, 0, -1, 1 } };
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 8, Angles = 4, Bins = 12 };
    private static readonly CfmmNetwork Pools = new(["a", "b"], [.. Enumerable.Range(1, 3).Select(j => new Cfmm($"pool {j}", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric))]);

    public static readonly PoolNetwork Ticks = new(["a", "b"], [new ConcentratedPool("ticks", ["a", "b"], 0.999, [0.1, 0.5, 2, 8], [3, 0, 5]), new WeightedPool("product", ["b", "a"], [1, 1], 0.997) { FixedCost = 0.01 }]);

    private static readonly ConformanceCase Dictionary = Model("a learned dictionary", new DictionaryDefinition { MeasurementMatrix = A, LearnPrior = true });
    private static readonly ConformanceCase Judged = Of("a certifier of columns", After(Dictionary), ml => ml.L2O().Certify(Properties));

    /// <summary>One of every kind.</summary>
    public static readonly ConformanceCase[] All =
    [
        Dictionary,
        Model("a fixed dictionary", new DictionaryDefinition { MeasurementMatrix = A, InitialTransform = new float[6, 6] { { 1, 0, 0, 0, 0, 0 }, { -1, 1, 0, 0, 0, 0 }, { 0, -1, 1, 0, 0, 0 }, { 0, 0, -1, 1, 0, 0 }, { 0, 0, 0, -1, 1, 0 }, { 0, 0, 0, 0, -1, 1 } }, LearnTransform = false }),
        Model("inpainting", new InpaintingDefinition { MeasurementMatrix = A }),
        Model("signal recovery", new SignalRecoveryDefinition { MeasurementMatrix = A, Filters = 2, FilterLength = 3 }),
        Model("learned trades", new CfmmTradeDefinition { Network = Pools, Prices = [1, 2] }),
        Model("trades at prices per row", new CfmmTradeDefinition { Network = Pools, LearnTrades = false }),
        Model("trades of greatest expected value", new ExpectedTradeDefinition { Network = Pools, Prices = [1, 2] }),
        Model("decisions", new DecisionDefinition
        {
            Size = 6,
            Point = "Measurements",
            Weights = "Shares",
            ChangeCosts = 0.05,
            ChangesFrom = "Image",
            // Some rows have capacities below 0.1.
            Constraints = [VectorConstraint.Bounds("Capacity", 0.1, "Reconstruction"), VectorConstraint.Turnover("Turnover", 2, "Image"), VectorConstraint.Ball("Ball", 1.1), VectorConstraint.LinearByRow("Cost", "Prices", 1, upper: 2)],
        }),
        Model("decisions by learned costs", new LearnedDecisionDefinition
        {
            FeatureCount = 6,
            HiddenUnits = 2,
            Decision = new DecisionDefinition { Size = 6, Costs = "Signal", QuadraticDiagonal = 1, Constraints = [VectorConstraint.Sum("Total", 1, 1), VectorConstraint.Bounds("Capacity", -1, "Reconstruction")] },
        }),
        Of("a projection", Rows(("Measurements", 6)), ml => ml.L2O().ProjectOnto([VectorConstraint.Bounds("Nonnegative", 0), VectorConstraint.Sum("Budget", "Number", "Number")], "Measurements", "Plan")),
        Model("trades through pools", new PoolTradeDefinition { Network = Ticks }),
        Model("trades through pools without limits", new PoolTradeDefinition { Network = Ticks, LimitTenders = false, FeeMargin = 0.001 }),
        Model("back-projection", new BackProjection { Geometry = Geometry }),
        Model("total variation", new TotalVariationReconstruction { Geometry = Geometry, Radii = [0.1, 0.2], TuningRows = 3 }),
        Model("a U-Net", new UNetReconstruction { Geometry = Geometry, Channels = 2, Levels = 2 }),
        Model("feasibility", new FeasibilityReconstruction { Geometry = Geometry, Model = new FeasibilityOptions { Channels = 2, Kernel = 3 } }),
        Model("implicit reconstruction", new ImplicitReconstruction { Geometry = Geometry, Model = new ReconstructionOptions { Channels = 2, TransformKernel = 3, Hidden = 2, Kernel = 3, Stages = 1 } }),
        Model("a definition of a user", new Steps { Size = 8 }),
        Model("a definition of an example", new Unmixing { Library = new float[,] { { 1, 0 }, { 0, 1 }, { 1, 1 } } }),
        Model("a model with a prefix and names", new Steps { Size = 8 }, new ImplicitModelTrainer.Options { OutputPrefix = "First.", ColumnNames = new Dictionary<string, string> { ["Estimate"] = "Clean" } }),
        Of("property values of a model", After(Dictionary), ml => new Fitted(((ImplicitModelTransformer)Dictionary.Transformer).PropertiesOf("Signal", "Truth.")), "Signal", "Measurements"),
        Of("simulated scans", Rows(("Image", Geometry.Pixels)), ml => ml.L2O().SimulateScan(Geometry), "Image"),
        Of("image quality", Rows(("Image", 64), ("Reconstruction", 64)), ml => ml.L2O().ImageQuality(8), "Image", "Reconstruction"),
        Judged,
        Of("a certifier with a prefix, behind another", After(Judged), ml => ml.L2O().Certify(new CertifierOptions { OutputPrefix = "Again.", Properties = Properties })),
        Of(
            "a certifier of functions, by groups",
            Rows(("Signal", 6), ("Image", 6)),
            ml => ml.L2O().Certify(new CertifierOptions
            {
                Properties =
                [
                    new("Size", "Number"), CertifiedProperty.Of("Norm", PropertyFunction.L1Norm(), "Signal"), CertifiedProperty.Of("Error", PropertyFunction.RelativeError(), "Signal", "Image"),
                    CertifiedProperty.Finite("Image"), CertifiedProperty.Convergence("Flag"),
                ],
                GroupColumnName = "Kind",
                Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.2 },
                SketchError = 0.01,
            })),
        Of("bounds of vectors, by groups", Rows(("Signal", 6), ("Image", 6)), ml => ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Signal", TruthColumnName = "Image", Measure = ErrorMeasure.Relative, GroupColumnName = "Kind" })),
        Of("bounds of subjects' rows", Rows(("Signal", 6), ("Image", 6)), ml => ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Signal", TruthColumnName = "Image", SubjectColumnName = "Id", SubjectPromise = SubjectPromise.EveryRow })),
        Of(
            "bounds of a number, by a fitted difficulty",
            After(Dictionary),
            ml => ml.L2O().BoundError(new ErrorBoundOptions
            {
                OutputPrefix = "Within.",
                OutputColumnName = "Number",
                TruthColumnName = "Residual",
                Difficulty = new DifficultyModel(ml.Regression.Trainers.LbfgsPoissonRegression(), ["Signal", "Flag"]),
            })),
        Of("bounds of components", Rows(("Signal", 6), ("Image", 6), ("Reconstruction", 6)), ml => ml.L2O().BoundComponents(new ComponentBoundOptions { OutputColumnName = "Signal", TruthColumnName = "Image", ScaleColumnName = "Reconstruction" }), "Signal", "Reconstruction"),
        Of("weights of rows from elsewhere", Rows(("Signal", 6)), ml => ml.L2O().EstimateDensityRatio(Rows(("Signal", 6)).View(9, 60), new DensityRatioOptions(ml.BinaryClassification.Trainers.LbfgsLogisticRegression(), ["Signal", "Number"])), "Signal"),
        Of("a post-condition that lets rows pass", After(Judged), ml => ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Pass)),
        Of("a post-condition that leaves rows out", After(Judged), ml => ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Drop)),
        Of("a chain", Dictionary.Training, ml => Dictionary.Estimator(ml).Append(ml.L2O().Certify(Properties)).Append(ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Pass))),
    ];

    private static CertifiedProperty[] Properties => [new("Sparsity"), new("Fidelity", Tolerance: 1e-3), CertifiedProperty.Convergence()];

    private static ConformanceCase Model(string name, ModelDefinition definition, ImplicitModelTrainer.Options? options = null)
    {
        var training = new TrainingOptions { Epochs = 1, BatchSize = 30, InitialIterations = 5, FinalIterations = 10, ValidationFraction = 0.2, Solver = new FixedPointOptions { MaxIterations = 30 } };
        options = (options ?? new()) with { BatchSize = 16, Training = training, Solver = new FixedPointOptions { MaxIterations = definition is ReconstructionDefinition ? 60 : 300 } };
        var columns = definition.Inputs.Append(definition.Target).Select(c => (c.Name, c.Size)).DistinctBy(c => c.Name);
        return new(name, Rows([.. columns]), ml => ml.L2O().Train(definition, options), [.. definition.Inputs.Select(c => c.Name)])
        {
            Rounding = definition.InferenceType == TorchSharp.torch.ScalarType.Float32 ? 1e-4 : 1e-5,
            OfBatches = (ml, size) => ml.L2O().Train(definition, options with { BatchSize = size }),
        };
    }

    private static ConformanceCase Of(string name, ConformanceRows rows, Func<MLContext, IEstimator<ITransformer>> estimator, params string[] vectors) => new(name, rows, estimator, vectors);

    private static ConformanceRows After(ConformanceCase before) => before.Training with { Before = [.. before.Training.Before, before] };

    private static ConformanceRows Rows(params (string Name, int Size)[] vectors) => new(Ml, vectors, []);

    /// <summary>A transformer that has no estimator, so that nothing is promised of it.</summary>
    internal sealed class Fitted(ITransformer transformer) : IEstimator<ITransformer>
    {
        public ITransformer Fit(IDataView input)
        {
            transformer.GetOutputSchema(input.Schema);
            return transformer;
        }

        public SchemaShape GetOutputSchema(SchemaShape inputSchema) => throw new NotSupportedException();
    }
}

/// <summary>An estimator, the rows that it is fitted on, and the vectors whose length it knows.</summary>
internal sealed record ConformanceCase(string Name, ConformanceRows Training, Func<MLContext, IEstimator<ITransformer>> Estimator, string[] Vectors)
{
    private readonly Lazy<ITransformer> fitted = new(() => Estimator(new MLContext(1)).Fit(Training.View(1, 60)));

    public ITransformer Transformer => fitted.Value;

    /// <summary>The same with another number of rows that are solved together; null where that is no setting.</summary>
    public Func<MLContext, int, IEstimator<ITransformer>>? OfBatches { get; init; }

    /// <summary>What a batch that is cut differently may change, relative to the largest number of a vector: more where solves compute in single precision.</summary>
    public double Rounding { get; init; } = 1e-5;

    public override string ToString() => Name;
}

/// <summary>Rows for a case: vectors of random numbers of given names and lengths, and what transformers before make of them.</summary>
internal sealed record ConformanceRows(MLContext Ml, (string Name, int Size)[] Vectors, ConformanceCase[] Before)
{
    internal sealed class Row
    {
        public int Id { get; set; }

        public float Number { get; set; }

        public bool Flag { get; set; }

        public string Kind { get; set; } = "";

        public float[] Measurements { get; set; } = [];

        public float[] Mask { get; set; } = [];

        public float[] Signal { get; set; } = [];

        public float[] Shares { get; set; } = [];

        public float[] Image { get; set; } = [];

        public float[] Reconstruction { get; set; } = [];

        public float[] Reserves { get; set; } = [];

        public float[] TrueReserves { get; set; } = [];

        public float[] Prices { get; set; } = [];

        public float[] State { get; set; } = [];

        public float[] Holdings { get; set; } = [];

        public float[] TrueState { get; set; } = [];

        public float[] Features { get; set; } = [];
    }

    public SchemaDefinition Schema
    {
        get
        {
            var schema = SchemaDefinition.Create(typeof(Row));
            schema.RemoveAll(c => c.ColumnType is VectorDataViewType && Vectors.All(v => v.Name != c.ColumnName));
            foreach (var (name, size) in Vectors)
                schema[name].ColumnType = new VectorDataViewType(NumberDataViewType.Single, size);
            return schema;
        }
    }

    public Row[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(id =>
            {
                var row = new Row { Id = id, Number = random.NextSingle(), Flag = id % 9 != 0, Kind = id % 2 == 0 ? "even" : "odd" };
                foreach (var (name, size) in Vectors)
                {
                    float[] values = [.. Enumerable.Range(0, size).Select(_ => name is "Mask" ? random.Next(4) > 0 ? 1 : 0 : name is "Reserves" or "TrueReserves" or "Prices" or "State" or "TrueState" ? 1 + (0.1f * random.NextSingle()) : random.NextSingle())];
                    typeof(Row).GetProperty(name)!.SetValue(row, values);
                }

                return row;
            }),
        ];
    }

    public IDataView View(int seed, int count) => View(Draw(seed, count));

    public IDataView View(Row[] rows) => Before.Aggregate(Ml.Data.LoadFromEnumerable(rows, Schema), (view, before) => before.Transformer.Transform(view));

    /// <summary>What stands between the rows and the case, as one model with it.</summary>
    public ITransformer Chain(ITransformer last) => new TransformerChain<ITransformer>([.. Before.Select(b => b.Transformer), last]);
}
