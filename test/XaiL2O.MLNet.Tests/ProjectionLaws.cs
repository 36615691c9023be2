using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Projections and decisions behind models of ML.NET: columns, names, certificates, lengths that only the data tell.</summary>
internal sealed class ProjectionLaws
{
    private sealed class Row
    {
        [VectorType(3)]
        public float[] Features { get; set; } = [];

        public float North { get; set; }

        public float South { get; set; }

        public float Total { get; set; }

        public double Budget { get; set; }
    }

    private sealed class Decided
    {
        public double[] Plan { get; set; } = [];

        public double[] Forecasts { get; set; } = [];

        public double[] Multipliers { get; set; } = [];

        public string ActiveConstraints { get; set; } = "";

        public string Conflict { get; set; } = "";

        public bool Converged { get; set; }

        public double Budget { get; set; }

        [ColumnName("DistanceMoved.Value")]
        public double Moved { get; set; }

        [ColumnName("Budget.Value")]
        public double Excess { get; set; }
    }

    private static IDataView Rows(MLContext ml, int seed, int count, double budget = 6)
    {
        var random = new Random(seed);
        return ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i =>
        {
            float[] f = [random.NextSingle(), random.NextSingle(), random.NextSingle()];
            var (north, south) = (2 + f[0] + (0.3f * random.NextSingle()), 1 + f[1] + f[2] + (0.3f * random.NextSingle()));
            return new Row { Features = f, North = north, South = south, Total = north + south, Budget = i % 10 == 9 ? -1 : budget };
        }).ToArray());
    }

    private static IEstimator<ITransformer> Forecasts(MLContext ml)
    {
        IEstimator<ITransformer> One(string label) => ml.Regression.Trainers.LbfgsPoissonRegression(label).Append(ml.Transforms.CopyColumns(label + "Forecast", "Score"));
        return One("North").Append(One("South")).Append(One("Total"))
            .Append(ml.Transforms.Concatenate("Single", "NorthForecast", "SouthForecast", "TotalForecast"))
            .Append(ml.Transforms.Conversion.ConvertType("Forecasts", "Single", DataKind.Double));
    }

    private static readonly VectorConstraint[] Constraints =
    [
        VectorConstraint.Equality("Adds up", new double[,] { { 1, 1, -1 } }, 0),
        VectorConstraint.Bounds("Nonnegative", 0),
        VectorConstraint.Sum("Budget", upper: "Budget"),
    ];

    [Test]
    public void Forecasts_are_made_coherent_and_what_contradicts_itself_is_named()
    {
        var ml = new MLContext(1);
        var model = Forecasts(ml).Append(ml.L2O().ProjectOnto(Constraints, "Forecasts", "Plan", outputPrefix: "")).Fit(Rows(ml, 1, 200));
        var view = model.Transform(Rows(ml, 2, 50));
        Assert.That(view.Schema["Multipliers"].Annotations.Schema.GetColumnOrNull("SlotNames"), Is.Not.Null);
        VBuffer<ReadOnlyMemory<char>> slots = default;
        view.Schema["Multipliers"].GetSlotNames(ref slots);
        Assert.That(slots.DenseValues().Select(s => s.ToString()), Is.EqualTo((string[])["Adds up", "Nonnegative: 0", "Nonnegative: 1", "Nonnegative: 2", "Budget"]));
        var decided = ml.Data.CreateEnumerable<Decided>(view, false).ToArray();
        for (var i = 0; i < decided.Length; i++)
        {
            var d = decided[i];
            if (i % 10 == 9)
            {
                Assert.That(d.Converged, Is.False);
                Assert.That(d.Conflict, Is.EqualTo("Nonnegative; Budget"));
                Assert.That(d.Plan.Append(d.Moved).Append(d.Excess), Is.All.NaN);
                continue;
            }

            Assert.That(d.Converged);
            Assert.That(d.Plan[0] + d.Plan[1], Is.EqualTo(d.Plan[2]).Within(1e-12));
            Assert.That(d.Plan.Sum(), Is.LessThanOrEqualTo(6 + 1e-12));
            Assert.That(d.Excess, Is.LessThan(1e-12));
            Assert.That(d.Moved, Is.EqualTo(Math.Sqrt(d.Plan.Zip(d.Forecasts, (a, b) => (a - b) * (a - b)).Sum())).Within(1e-12));
            // Within the plane x₁ + x₂ = x₃ the budget, 2x₃ ≤ 6, holds back where forecasts are above it.
            double[] p = d.Forecasts;
            var gap = p[0] + p[1] - p[2];
            double[] coherent = [p[0] - (gap / 3), p[1] - (gap / 3), p[2] + (gap / 3)];
            var isOver = 2 * coherent[2] > 6;
            Assert.That(d.ActiveConstraints, Is.EqualTo(isOver ? "Adds up; Budget" : "Adds up"));
            if (!isOver)
                Assert.That(d.Plan, Is.EqualTo(coherent).Within(1e-12));
            Assert.That(d.Multipliers[4], isOver ? Is.Negative : Is.Zero);
        }

        Assert.That(decided.Count(d => d.ActiveConstraints == "Adds up; Budget"), Is.InRange(3, 45));
    }

    [Test]
    public void Distances_and_violations_are_certified()
    {
        var ml = new MLContext(1);
        var forecasts = Forecasts(ml).Fit(Rows(ml, 1, 200));
        var model = ml.L2O().ProjectOnto(Constraints, "Forecasts", "Plan").Fit(forecasts.Transform(Rows(ml, 2, 10)));
        IDataView Planned(int seed, double budget) => model.Transform(forecasts.Transform(ml.Data.FilterRowsByColumn(Rows(ml, seed, 300, budget), "Budget", 0)));
        var certifier = ml.L2O().Certify(new CertifiedProperty("DistanceMoved"), new CertifiedProperty("Adds up", Tolerance: 1e-8), CertifiedProperty.Convergence()).Fit(Planned(3, 9));
        Assert.That(certifier.Transform(Planned(4, 9)).GetColumn<bool>("Trustworthy").Count(t => t), Is.GreaterThan(240));
        // Budgets that cut every forecast to half are not what the certifier knows.
        Assert.That(certifier.Transform(Planned(5, 3)).GetColumn<bool>("Trustworthy"), Is.All.False);
    }

    [Test]
    public void Lengths_and_columns_are_those_of_the_data()
    {
        var ml = new MLContext(1);
        var rows = Rows(ml, 1, 12);
        var simplex = ml.L2O().ProjectOnto([VectorConstraint.Simplex("Shares")], "Features").Fit(rows);
        Assert.That(((DecisionDefinition)simplex.Definition).Size, Is.EqualTo(3));
        Assert.That(simplex.Transform(rows).GetColumn<double[]>("Decision").Select(x => x.Sum()), Is.All.EqualTo(1).Within(1e-12));
        Assert.That(() => ml.L2O().ProjectOnto([VectorConstraint.Bounds("Wrong", new double[4])], "Features").Fit(rows), Throws.InvalidOperationException.With.Message.Contains("'Features'"));
        Assert.That(() => ml.L2O().ProjectOnto([VectorConstraint.Simplex("Shares")], "North").Fit(rows), Throws.InvalidOperationException.With.Message.Contains("'North'"));
        Assert.That(() => ml.L2O().ProjectOnto([VectorConstraint.Sum("Shares", upper: "Features")], "Features"), Throws.ArgumentException.With.Message.Contains("'Features'"));
        Assert.That(() => ml.L2O().ProjectOnto([VectorConstraint.Simplex("Shares")], "Features", "Features"), Throws.ArgumentException.With.Message.Contains("'Features'"));
        var optimized = ml.L2O().Optimize(new DecisionDefinition { Size = 3, Costs = "Features", Constraints = [VectorConstraint.Simplex("Shares", "Budget"), VectorConstraint.Bounds("Most", upper: 4)] }).Fit(rows);
        Assert.That(optimized.Transform(rows).GetColumn<bool>("Converged").Take(9), Is.All.True);
        using var engine = ml.Model.CreatePredictionEngine<Row, Decided>(ml.L2O().ProjectOnto(Constraints, "Features", "Plan").Fit(rows), ignoreMissingColumns: true);
        Assert.That(engine.Predict(new Row { Features = [1, 1, 5], Budget = 100 }).Plan, Is.EqualTo((double[])[2, 2, 4]).Within(1e-12));
    }
}
