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

        public int Device { get; set; }
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

    /// <summary>The level of a certificate holds for a row of a new patient, where rows that count one by one let far more fail; by group too.</summary>
    [Test]
    public void Certificates_keep_their_level_for_new_patients_where_that_of_rows_does_not([Values] bool grouped)
    {
        const int repetitions = 200;
        var (plain, byPatient, calibration) = (0.0, 0.0, new HashSet<int>());
        for (var r = 0; r < repetitions; r++)
        {
            // Rows of the group that is judged, and as many of another whose values are a hundred times as large.
            var (known, test) = (Draw(r, 40), Draw(1000 + r, 50));
            Row[] others = grouped ? [.. Draw(2000 + r, 40).Select(o => new Row { Patient = o.Patient, Label = 100 * o.Label, Device = 1 })] : [];
            double Failed(string? subject)
            {
                var certifier = Ml.L2O().Certify(new CertifierOptions
                {
                    Properties = [new CertifiedProperty("Size", "Label")],
                    Policy = new LabelPolicy { PassProbability = 0.9, FailProbability = 0.1 },
                    SubjectColumnName = subject,
                    GroupColumnName = grouped ? "Device" : null,
                }).Fit(View([.. known, .. others]));
                if (subject is not null)
                    calibration.Add((grouped ? certifier.Certifier.Groups["0"] : certifier.Certifier).Properties[0].Distribution!.Values.Length);
                var labels = certifier.Transform(View(test)).GetColumn<string>("Size.Label").ToArray();
                return test.Zip(labels).GroupBy(t => t.First.Patient).Average(p => p.Average(t => t.Second == "Fail" ? 1.0 : 0)) / repetitions;
            }

            plain += Failed(null);
            byPatient += Failed("Patient");
        }

        TestContext.Out.WriteLine($"rows of new patients that fail at 10 %: {plain:0.000} calibrated by rows, {byPatient:0.000} by patients");
        Assert.That(calibration, Is.EquivalentTo(new[] { 40 }));
        Assert.That(plain, Is.GreaterThan(0.13));
        // Three standard errors, as above; and not far below: of 41 places 4 fail.
        Assert.That(byPatient, Is.InRange(0.06, 0.1 + 0.013));
    }

    [Test]
    public void A_certifier_of_subjects_says_how_many_it_needs_reloads_and_judges_rows_without_them()
    {
        CertifierOptions Options(string? subject) => new() { Properties = [new CertifiedProperty("Size", "Label")], SubjectColumnName = subject };
        var known = Draw(1, 60);
        var certifier = Ml.L2O().Certify(Options("Patient")).Fit(View(known));
        using var folder = new TemporaryFolder();
        Assert.That(ChainReload.Compare(Ml, certifier, View(Draw(3, 4)), folder.PathOf("model.zip")).Differing, Is.Zero);
        Assert.That(certifier.Transform(Ml.Transforms.DropColumns("Patient").Fit(View(known)).Transform(View(known))).GetColumn<bool>("Trustworthy").Count(), Is.EqualTo(known.Length));
        Assert.That(certifier.ToString(), Does.Contain("60"), "the levels are worth what 60 rows make them");
        Assert.That(() => Ml.L2O().Certify(Options("Patient")).Fit(View(Draw(1, 12))), Throws.InvalidOperationException.With.Message.Contains("one of each subject of 'Patient': there are 12"));
        foreach (var row in known.Take(3))
            row.Patient = "";
        Assert.That(() => Ml.L2O().Certify(Options("Patient")).Fit(View(known)), Throws.InvalidOperationException.With.Message.Contains($"3 of {known.Length} rows have no subject"));
        Assert.That(() => Ml.L2O().Certify(Options("Nobody")).Fit(View(known)), Throws.Exception.With.Message.Contains("Nobody"));
        Assert.That(() => Ml.L2O().Certify(Options(" ")), Throws.ArgumentException);
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
