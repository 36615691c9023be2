using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>What reports say of the parts of a model.</summary>
internal sealed class ReportLaws
{
    private static readonly MLContext Ml = new(1);

    [Test]
    public void A_part_of_a_model_is_described_by_its_formula()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(3, 60));
        var report = Ml.L2O().Report(Fixture.Model, Fixture.Model.Transform(rows));
        Assert.That(report.Properties.Select(p => p.Description), Is.EqualTo(new[] { "‖Kx‖₁/‖d‖", "‖Ax − d‖/‖d‖", "0 where the solve converged, else 1" }));
    }

    [Test]
    public void Errors_of_a_column_are_averaged_by_verdict()
    {
        var rows = Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(Fixture.Rows(3, 60)));
        var report = Ml.L2O().Report(Fixture.Model, rows, new ReportOptions { ErrorColumnName = "Fidelity.Value" });
        var outputs = Fixture.Read(rows);
        Assert.That(report.ErrorName, Is.EqualTo("Fidelity.Value"));
        Assert.That(report.Accuracy[""].Rows, Is.EqualTo(60));
        Assert.That(report.Accuracy[""].All, Is.EqualTo(outputs.Average(r => r.Fidelity)).Within(1e-12));
        Assert.That(report.Conclusion, Does.Contain("of 60 rows fail"));
    }

    [Test]
    public void Bounds_selections_and_gaps_of_a_chain_are_reported_where_the_rows_have_them()
    {
        IDataView Solved(int seed, int count) => Ml.Data.Cache(Grouped(Fixture.Model.Transform(Ml.Data.LoadFromEnumerable(Fixture.Rows(seed, count)))));
        var solved = Solved(4, 100);
        var bound = Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Estimate", TruthColumnName = "Signal", Measure = ErrorMeasure.Relative, GroupColumnName = "Group", OutputPrefix = "Sure." }).Fit(solved);
        var selection = Ml.L2O().SelectTrustworthy(new SelectionOptions { OutputColumnName = "Estimate", TruthColumnName = "Signal", Measure = ErrorMeasure.Relative, ErrorLimit = 0.5, RankColumnName = "Sparsity.Value" }).Fit(solved);
        var chain = new TransformerChain<ITransformer>([.. Fixture.Model, bound, selection]);
        var judged = selection.Transform(bound.Transform(Solved(3, 60)));
        var report = Ml.L2O().Report(chain, judged, new ReportOptions { SetColumnName = "Group" });
        Assert.That((report.Bounds.Single().Name, report.Bounds[0].ActualName, report.Selections.Single().Name, report.Gaps.Single().Name), Is.EqualTo(("Sure.Estimate.ErrorBound", "‖Estimate − Signal‖/‖Signal‖", "Selected", "Gap")));
        Assert.That((report.Bounds[0].Overall.Held.Rows, report.Selections[0].Released.Rows, report.Gaps[0].Rows, report.Overall.Rows), Is.EqualTo((60, 60, 60, 60)));
        Assert.That(report.Bounds[0].Groups.Keys, Is.EquivalentTo(new[] { "False", "True" }).And.EquivalentTo(report.Bounds[0].Sets.Keys));
        Assert.That(report.Bounds[0].GroupRates, Is.EqualTo(bound.Intervals.Groups.ToDictionary(g => g.Key, g => g.Value.Rate)));
        Assert.That(report.Gaps[0].LargestConverged, Is.EqualTo(judged.GetColumn<double>("Gap").Zip(judged.GetColumn<bool>("Converged")).Where(r => r.Second).Max(r => r.First)));
        Assert.That(report.Gaps[0].Histograms.Select(h => h.Set), Is.EquivalentTo(new[] { "False", "True" }));

        // Without a truth what is promised stays, and what was released; without the columns nothing is said.
        var untrue = Ml.L2O().Report(chain, Ml.Transforms.DropColumns("Signal").Fit(judged).Transform(judged));
        Assert.That((untrue.Bounds[0].Overall.Held.Rows, untrue.Bounds[0].Rate, untrue.Selections[0].Bad.Rows, untrue.Selections[0].Released.Count), Is.EqualTo((0, (RateGivenCalibration?)null, 0, report.Selections[0].Released.Count)));
        var dropped = Ml.L2O().Report(chain, Ml.Transforms.DropColumns("Sure.Estimate.ErrorBound", "Selected", "Gap").Fit(judged).Transform(judged));
        Assert.That(dropped.Bounds.Count + dropped.Selections.Count + dropped.Gaps.Count, Is.Zero);
        Assert.That(() => Ml.L2O().Report(bound, solved), Throws.ArgumentException.With.Message.Contains("no certifier, bound"));
        // A truth that the report names takes the place of that on which a bound was fitted.
        var renamed = Ml.Transforms.CopyColumns("Truth", "Estimate").Fit(judged).Transform(judged);
        Assert.That(Ml.L2O().Report(chain, renamed, new ReportOptions { EstimateColumnName = "Estimate", TruthColumnName = "Truth" }).Bounds[0].Overall.MedianActual, Is.Zero);
    }

    private sealed class Half
    {
        public bool Group { get; set; }
    }

    private static IDataView Grouped(IDataView rows) => Ml.Transforms.CustomMapping<Named, Half>((row, half) => half.Group = row.Id % 2 == 0, null).Fit(rows).Transform(rows);

    private sealed class Named
    {
        public int Id { get; set; }
    }

    [Test]
    public void A_part_of_a_composed_model_is_described_by_its_formula()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(3, 60));
        var model = Ml.L2O().Train(new Steps { Size = Fixture.M }, new ImplicitModelTrainer.Options
        {
            ColumnNames = new Dictionary<string, string> { ["Signal"] = "Measurements" },
            Training = new TrainingOptions { Epochs = 1 },
        }).Fit(rows);
        var chain = model.Append(Ml.L2O().Certify(new CertifiedProperty("Fidelity"), new CertifiedProperty("Variation"), new CertifiedProperty("Positive")).Fit(model.Transform(rows)));
        // A term of one's own that states no formula is described by its column.
        Assert.That(Ml.L2O().Report(chain, chain.Transform(rows)).Properties.Select(p => p.Description), Is.EqualTo(new[] { "‖Ax − d‖/‖d‖", "‖Dx‖₁", "column Positive.Value" }));
    }

    [Test]
    public void Every_term_has_a_formula_and_blames_what_it_measures()
    {
        foreach (var term in (Term[])[TotalVariation.OfSignal("Variation", 8), TotalVariation.OfImage("Variation", 4), TotalVariation.OfImageGradient("Variation", 4)])
        {
            Assert.That(term.Cause, Does.Contain("jumps between neighbours").And.Not.Contain("learned"));
            Assert.That(term.Formula, Does.Contain("Dx"));
        }

        Assert.That(new L1Term("Sparsity", new IdentityOperator(3)).Cause, Does.Contain("entries").And.Not.Contain("transform"));
        Assert.That(new L1Term("Sparsity", new IdentityOperator(3), relativeToData: true).Formula, Is.EqualTo("‖x‖₁/‖d‖"));
        var terms = typeof(Term).Assembly.GetExportedTypes().Where(t => t.IsSubclassOf(typeof(Term)) && !t.IsAbstract).ToArray();
        Assert.That(terms, Is.Not.Empty);
        foreach (var type in terms)
            Assert.That(type.GetProperty(nameof(Term.Formula))!.DeclaringType, Is.EqualTo(type), type.Name);
    }
}
