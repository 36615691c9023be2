using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Examples;

namespace XaiL2O.MLNet.Tests;

/// <summary>Bounds for new subjects, whose rows are like each other: the promises, their definitions, refusals, reload in a fresh process.</summary>
internal sealed class SubjectLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        public string Patient { get; set; } = "";

        public float Score { get; set; }

        public float Label { get; set; }

        public float Hard { get; set; }
    }

    /// <summary>Most of an error is the patient's, and patients with large ones have few rows.</summary>
    private static Row[] Draw(int seed, int patients)
    {
        var random = new Random(seed);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        Row[] rows =
        [
            .. Enumerable.Range(0, patients).SelectMany(p =>
            {
                var level = Math.Exp(Normal());
                return Enumerable.Range(0, level > 1.5 ? 2 : 30).Select(_ => new Row { Patient = $"{seed}.{p}", Hard = random.NextSingle(), Label = (float)(level * (1 + (0.2 * Normal()))) }).ToArray();
            }),
        ];
        // Rows of one patient do not stand together.
        random.Shuffle(rows);
        return rows;
    }

    private static IDataView View(Row[] rows) => Ml.Data.LoadFromEnumerable(rows);

    private static ErrorBoundOptions Options(SubjectPromise promise) => new() { SubjectColumnName = "Patient", SubjectPromise = promise };

    private static double Bound(ErrorBoundOptions options, Row[] rows) => Ml.L2O().BoundError(options).Fit(View(rows)).Transform(View(rows[..1])).GetColumn<double>("Score.ErrorBound").Single();

    [Test]
    public void Promises_hold_for_new_patients_where_that_of_rows_does_not()
    {
        const int repetitions = 200;
        var (plain, row, every) = (0.0, 0.0, 0.0);
        for (var r = 0; r < repetitions; r++)
        {
            var known = Draw(r, 40);
            var test = Draw(1000 + r, 50).GroupBy(t => t.Patient).ToArray();
            double Missed(double bound) => test.Average(p => p.Average(t => Math.Abs(t.Label) > bound ? 1.0 : 0)) / repetitions;
            plain += Missed(Bound(new ErrorBoundOptions(), known));
            row += Missed(Bound(Options(SubjectPromise.Row), known));
            var all = Bound(Options(SubjectPromise.EveryRow), known);
            every += test.Average(p => p.Any(t => Math.Abs(t.Label) > all) ? 1.0 : 0) / repetitions;
        }

        TestContext.Out.WriteLine($"rows of new patients that break their bound: {plain:0.000} calibrated by rows, {row:0.000} by patients; patients with a row that breaks it: {every:0.000}");
        // Three standard errors of 200 calibrations on 40 patients and 50 new ones, each about 6 %.
        Assert.That(plain, Is.GreaterThan(0.15));
        Assert.That(row, Is.LessThan(0.1 + 0.013));
        Assert.That(every, Is.LessThan(0.1 + 0.013));
    }

    [Test]
    public void Bounds_are_those_of_the_definitions()
    {
        var rows = Draw(1, 25);
        var patients = rows.GroupBy(r => r.Patient).ToArray();
        // The smallest value below or at which there are (1 − α)(K + 1) patients, each shared among its rows.
        double Below(double value) => patients.Sum(p => p.Average(r => Math.Abs(r.Label) <= value ? 1.0 : 0));
        Assert.That(Bound(Options(SubjectPromise.Row), rows), Is.EqualTo(rows.Select(r => (double)Math.Abs(r.Label)).Where(v => Below(v) >= (0.9 * 26) - 1e-9).Min()));
        Assert.That(Bound(Options(SubjectPromise.EveryRow), rows), Is.EqualTo(patients.Select(p => (double)p.Max(r => Math.Abs(r.Label))).Order().ElementAt(23)));
        var fitted = Ml.L2O().BoundError(Options(SubjectPromise.EveryRow) with { Level = new ConformalLevel { Confidence = 0.8 } }).Fit(View(rows));
        Assert.That(fitted.Intervals.Pooled.Rate!.Rows, Is.EqualTo(25));
    }

    [Test]
    public void A_bound_of_subjects_reloads_in_a_fresh_process([Values] SubjectPromise promise)
    {
        var options = Options(promise) with { Difficulty = new DifficultyModel(Ml.Regression.Trainers.LbfgsPoissonRegression(), ["Hard"]) };
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, Ml.L2O().BoundError(options).Fit(View(Draw(2, 60))), View(Draw(3, 4)), folder.PathOf("model.zip")).Differing, Is.Zero);
    }

    [Test]
    public void Too_few_patients_are_refused_however_many_rows_they_have()
    {
        foreach (var promise in Enum.GetValues<SubjectPromise>())
        {
            Assert.That(() => Bound(Options(promise), Draw(1, 8)), Throws.InvalidOperationException.With.Message.Contains("there are 8 subjects of 'Patient'").And.Message.Contains("at least 9"));
            Assert.That(() => Bound(Options(promise) with { Difficulty = new DifficultyModel(Ml.Regression.Trainers.LbfgsPoissonRegression(), ["Hard"]) }, Draw(1, 11)), Throws.InvalidOperationException.With.Message.Contains("of 11 subjects of 'Patient', 3 are of the difficulty"));
        }

        Assert.That(() => Ml.L2O().BoundError(Options(SubjectPromise.Row) with { Level = new ConformalLevel { Confidence = 0.9 } }), Throws.ArgumentException.With.Message.Contains("Confidence = 0.9"));
        var nameless = Draw(3, 40);
        (nameless[0].Patient, nameless[5].Patient) = ("", null!);
        Assert.That(() => Ml.L2O().BoundError(Options(SubjectPromise.Row)).Fit(View(nameless)), Throws.InvalidOperationException.With.Message.StartsWith("2 of ").And.Message.Contains("no subject in 'Patient'"));
        Assert.That(() => Ml.L2O().BoundError(Options(SubjectPromise.Row) with { GroupColumnName = "Patient" }), Throws.ArgumentException.With.Message.Contains("SubjectColumnName excludes"));
    }
}
