using Microsoft.ML;
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
