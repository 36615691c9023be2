using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Experiments that are interrupted and go on from their file.</summary>
internal sealed class ExperimentStateLaws
{
    private string folder = "";

    private string State => Path.Combine(folder, "state.json");

    private static Tuner[] Tuners => [new RandomSearch(4), new SuccessiveHalving(4)];

    [SetUp]
    public void Make() => folder = Directory.CreateTempSubdirectory("xail2o-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    private static Experiment New(Tuner? tuner = null) => ExperimentLaws.Regression(tuner ?? new RandomSearch(4)).Experiment.SetBudget(trials: 15);

    private static string[] Told(ExperimentResult result) => [.. result.Trials.Select(t => $"{t.Number} {t.Options} {t.Resource} {t.Status} {t.Metric:R} {t.FailRate:R}")];

    private static float[] Scores(ExperimentResult result) => [.. result.Model.Transform(ExperimentLaws.Rows(8)).GetColumn<float>("Score")];

    private static ExperimentResult Interrupt(Experiment experiment, int after)
    {
        using var source = new CancellationTokenSource();
        return experiment.Run(new ExperimentLaws.Report(t => Cancel(t, after, source)), source.Token);

        static void Cancel(TrialOutcome trial, int after, CancellationTokenSource source)
        {
            if (trial.Number == after - 1)
                source.Cancel();
        }
    }

    [TestCaseSource(nameof(Tuners))]
    public void Resumed_equals_uninterrupted(Tuner tuner)
    {
        var whole = New(tuner).Run();
        for (var after = 1; after < 15; after += 3)
        {
            File.Delete(State);
            var half = Interrupt(New(tuner).SaveTo(State), after);
            Assert.That(half.Trials, Has.Count.EqualTo(after));
            var resumed = New(tuner).SaveTo(State).Run();
            Assert.That(Told(resumed), Is.EqualTo(Told(whole)));
            Assert.That(resumed.BestTrial.Number, Is.EqualTo(whole.BestTrial.Number));
            Assert.That(resumed.BestTrial.Certificates, Is.EqualTo(whole.BestTrial.Certificates));
            Assert.That(Scores(resumed), Is.EqualTo(Scores(whole)), "the model, fitted before or after the interruption");
            Assert.That(resumed.Seconds, Is.GreaterThan(half.Seconds));
        }
    }

    /// <summary>A culture that writes 0,5. Made by hand, since programs without culture data, as these tests are, have no other.</summary>
    private static CultureInfo Comma()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator, culture.NumberFormat.NegativeSign) = (",", ".", "\u2212");
        return culture;
    }

    private sealed record Rate(double Value);

    [TestCase(true)]
    [TestCase(false)]
    public void An_experiment_goes_on_under_another_culture(bool commaFirst)
    {
        Experiment Make()
        {
            var space = new OptionSpace();
            space.Range("X", -0.5, 1.5, initial: 0.25);
            space.Choice("Rate", [new Rate(0.5), new Rate(1.5)], new Rate(1.5));
            return ExperimentLaws.Cheap(space, trial => trial.Number)
                .Certify(ExperimentLaws.Rows(3), new CertifierOptions
                {
                    Properties =
                    [
                        new("Small", "Small", 0.001) { Policy = new LabelPolicy { PassProbability = 0.925, FailProbability = 0.075 } },
                        new("Large", "Large") { Limits = new ValueLimits { FailAbove = 3.5, WarnAbove = 2.5 } },
                        CertifiedProperty.Of("Range", PropertyFunction.DistanceTo(TargetSet.Box(-0.5, 1.5)), "Features"),
                    ],
                    Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.125 },
                })
                .SubjectTo(Constraint.FailRate(0.75)).SetTuner(new SuccessiveHalving(4)).SetBudget(trials: 5).SaveTo(State);
        }

        var (before, comma) = (CultureInfo.CurrentCulture, Comma());
        Assert.That(0.5.ToString(comma), Is.EqualTo("0,5"));
        try
        {
            CultureInfo.CurrentCulture = commaFirst ? comma : CultureInfo.InvariantCulture;
            Interrupt(Make(), 2);
            CultureInfo.CurrentCulture = commaFirst ? CultureInfo.InvariantCulture : comma;
            Assert.That(Make().Run().Trials, Has.Count.EqualTo(5));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Test]
    public void Other_certificates_are_another_experiment()
    {
        var range = CertifiedProperty.Of("Range", PropertyFunction.DistanceTo(TargetSet.Box(0, 1)), "Features");
        var space = new OptionSpace();
        space.Range("X", 0, 1);
        Experiment With(CertifiedProperty property) => ExperimentLaws.Cheap(space, trial => trial.Number).Certify(ExperimentLaws.Rows(3), property).SetBudget(trials: 3).SaveTo(State);
        Interrupt(With(range), 1);
        CertifiedProperty[] others =
        [
            range with { Sides = Sides.TwoSided },
            range with { Function = PropertyFunction.DistanceTo(TargetSet.Box(0, 2)) },
            range with { Limits = new ValueLimits { FailAbove = 0.5 } },
        ];
        foreach (var other in others)
            Assert.That(() => With(other).Run(), Throws.InvalidOperationException.With.Message.Contains("another experiment"));
        Assert.That(With(range).Run().Trials, Has.Count.EqualTo(3));
    }

    [TestCaseSource(nameof(Tuners))]
    public void A_killed_experiment_goes_on_from_the_files_as_they_lay(Tuner tuner)
    {
        var killed = Path.Combine(folder, "killed");
        Directory.CreateDirectory(killed);
        var whole = New(tuner).SaveTo(State).Run(new ExperimentLaws.Report(trial =>
        {
            // What a process leaves that ends here, with the model of a trial whose state was not written any more.
            if (trial.Number != 7)
                return;
            foreach (var file in Directory.GetFiles(folder).Where(file => file != State + ".lock"))
                File.Copy(file, Path.Combine(killed, Path.GetFileName(file)));
            File.WriteAllText(Path.Combine(killed, "state.json.lock"), "");
            File.WriteAllText(Path.Combine(killed, "state.json.8.zip"), "half of a model");
            File.WriteAllText(Path.Combine(killed, "state.json.x.tmp"), "half of a state");
        }));
        var resumed = New(tuner).SaveTo(Path.Combine(killed, "state.json")).Run();
        Assert.That(Told(resumed), Is.EqualTo(Told(whole)));
        Assert.That(resumed.BestTrial.Number, Is.EqualTo(whole.BestTrial.Number));
        Assert.That(Scores(resumed), Is.EqualTo(Scores(whole)));
        Assert.That(Directory.GetFiles(killed, "*.zip").Select(Path.GetFileName), Is.EqualTo(new[] { $"state.json.{whole.BestTrial.Number}.zip" }));
    }

    [Test]
    public void A_trial_cut_by_the_cancellation_is_made_again()
    {
        var (whole, fits) = (New().Run(), 0);
        using (var source = new CancellationTokenSource())
        {
            var cut = ExperimentLaws.Regression(new RandomSearch(4), CancelAtSixth).Experiment.SetBudget(trials: 15).SaveTo(State).Run(null, source.Token);
            Assert.That(cut.Trials.Select(t => t.Status == TrialStatus.Cancelled), Is.EqualTo(new[] { false, false, false, false, false, true }));

            void CancelAtSixth()
            {
                if (++fits == 6)
                    source.Cancel();
            }
        }

        Assert.That(Told(New().SaveTo(State).Run()), Is.EqualTo(Told(whole)));
    }

    [Test]
    public void An_ended_experiment_returns_its_result_and_goes_on_with_a_larger_budget()
    {
        var first = New().SaveTo(State).Run();
        var again = New().SaveTo(State).Run(new ExperimentLaws.Report(_ => Assert.Fail("No trial is left to run.")));
        Assert.That(Told(again), Is.EqualTo(Told(first)));
        Assert.That(Scores(again), Is.EqualTo(Scores(first)));
        var more = New().SetBudget(trials: 18).SaveTo(State).Run();
        Assert.That(Told(more).Take(15), Is.EqualTo(Told(first)));
        Assert.That(more.Trials, Has.Count.EqualTo(18));
        Assert.That(Directory.GetFiles(folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "state.json", $"state.json.{more.BestTrial.Number}.zip" }));
    }

    [Test]
    public void Time_used_before_counts()
    {
        var first = New().SaveTo(State).Run();
        var second = New().SetBudget(seconds: first.Seconds / 2).SaveTo(State).Run();
        Assert.That(second.Trials, Has.Count.EqualTo(15));
        Assert.That(second.Seconds, Is.GreaterThanOrEqualTo(first.Seconds));
    }

    [Test]
    public void A_state_of_another_experiment_is_refused_with_what_differs()
    {
        Interrupt(New().SaveTo(State), 2);
        Assert.That(() => New(new RandomSearch(5)).SaveTo(State).Run(), Throws.InvalidOperationException.With.Message.Contains("another experiment").And.Message.Contains("\"Seed\":4").And.Message.Contains("\"Seed\":5").And.Message.Not.Contains("option"));
        Assert.That(() => New().SubjectTo(Constraint.FailRate(0.1)).SaveTo(State).Run(), Throws.InvalidOperationException.With.Message.Contains("subject to fail rate ≤ 0.1"));
        Assert.That(() => New().SetSeed(2).SaveTo(State).Run(), Throws.InvalidOperationException.With.Message.Contains("seed 2"));
        Assert.That(New().SaveTo(State).Run().Trials, Has.Count.EqualTo(15));
    }

    [Test]
    public void Trials_of_other_rows_are_of_another_experiment()
    {
        var space = new OptionSpace();
        space.Range("X", 0, 1);
        Experiment With(IDataView training, IDataView validation, IDataView calibration) => ExperimentLaws.Cheap(space, trial => trial.Number)
            .SetTrainingData(training, validation).Certify(calibration, new CertifiedProperty("Small", "Small", 0.001)).SetBudget(trials: 3).SaveTo(State);
        IDataView Rows(int seed) => ExperimentLaws.Rows(seed);
        Interrupt(With(Rows(1), Rows(2), Rows(3)), 1);
        (string Name, Experiment Other)[] others =
        [
            ("training", With(Rows(4), Rows(2), Rows(3))),
            ("training", With(new MLContext().Data.TakeRows(Rows(1), 59), Rows(2), Rows(3))),
            ("validation", With(Rows(1), Rows(4), Rows(3))),
            ("validation", With(Rows(1), new MLContext().Transforms.CopyColumns("Other", "Small").Fit(Rows(2)).Transform(Rows(2)), Rows(3))),
            ("calibration", With(Rows(1), Rows(2), Rows(4))),
        ];
        foreach (var (name, other) in others)
            Assert.That(() => other.Run(), Throws.InvalidOperationException.With.Message.Match($"There: {name} rows [0-9a-f]+\\. Here: {name} rows [0-9a-f]+\\."));
        Assert.That(With(Rows(1), Rows(2), Rows(3)).Run().Trials, Has.Count.EqualTo(3));
    }

    [Test]
    public void Two_experiments_at_a_time_do_not_share_a_state()
    {
        var refused = 0;
        New().SaveTo(State).Run(new ExperimentLaws.Report(_ =>
        {
            Assert.That(() => New().SaveTo(State).Run(), Throws.InstanceOf<IOException>().With.Message.Contains($"Another experiment that runs now saves to {State}"));
            refused++;
        }));
        Assert.That(refused, Is.EqualTo(15));
        Assert.That(New().SaveTo(State).Run().Trials, Has.Count.EqualTo(15));
        Assert.That(File.Exists(State + ".lock"), Is.False);
    }

    [Test]
    public void The_same_constraints_in_another_order_are_told_as_they_stand()
    {
        Constraint[] both = [Constraint.FailRate(0.5), Constraint.FailRate("Size", 0.5)];
        Interrupt(New().SubjectTo(both[0]).SubjectTo(both[1]).SaveTo(State), 1);
        Assert.That(() => New().SubjectTo(both[1]).SubjectTo(both[0]).SaveTo(State).Run(), Throws.InvalidOperationException.With.Message.Not.Contains("nothing else").And.Message.Match("There: .*fail rate ≤ 0.5; .*fail rate of Size ≤ 0.5.*Here: .*fail rate of Size ≤ 0.5; .*fail rate ≤ 0.5"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_best_model_that_is_missing_or_damaged_is_told_before_any_trial(bool damaged)
    {
        Interrupt(New().SaveTo(State), 3);
        var model = Directory.GetFiles(folder, "*.zip").Single();
        if (damaged)
            File.WriteAllText(model, "half of a model");
        else
            File.Delete(model);
        var trials = 0;
        Assert.That(() => New().SaveTo(State).Run(new ExperimentLaws.Report(_ => trials++)), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(model));
        Assert.That(trials, Is.Zero);
    }

    [Test]
    public void A_state_that_cannot_be_written_is_told_before_any_trial()
    {
        Directory.CreateDirectory(State);
        var trials = 0;
        Assert.That(() => New().SaveTo(State).Run(new ExperimentLaws.Report(_ => trials++)), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That((trials, Directory.GetFiles(folder)), Is.EqualTo((0, Array.Empty<string>())));
    }

    [Test]
    public void A_damaged_state_is_refused_with_advice()
    {
        Interrupt(New().SaveTo(State), 4);
        var text = File.ReadAllText(State);
        var digit = text.IndexOf("\"Metric\": 0.", StringComparison.Ordinal) + "\"Metric\": 0.".Length;
        string[] damaged =
        [
            "", "{}", "null", "no JSON", text[..(text.Length / 2)],
            text[..digit] + (char)(text[digit] == '9' ? '8' : text[digit] + 1) + text[(digit + 1)..],
            text.Replace("\"Status\": 0", "\"Status\": 1", StringComparison.Ordinal),
        ];
        foreach (var bad in damaged)
        {
            File.WriteAllText(State, bad);
            Assert.That(() => New().SaveTo(State).Run(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(State).And.Message.Contains("Delete it"), bad);
            Assert.That(File.ReadAllText(State), Is.EqualTo(bad), "the file is left as it is");
        }

        File.WriteAllText(State, Resealed(text.Replace("\"Format\": 3", "\"Format\": 4", StringComparison.Ordinal)));
        Assert.That(() => New().SaveTo(State).Run(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("format 4"));
        File.WriteAllText(State, text);
        File.Delete(Directory.GetFiles(folder, "*.zip").Single());
        Assert.That(() => New().SetBudget(trials: 4).SaveTo(State).Run(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("is missing"));
    }

    private static string Resealed(string text)
    {
        var rest = text[(text.IndexOf("\",", StringComparison.Ordinal) + 2)..];
        return $"{{\"Sha256\": \"{Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(rest)))}\",{rest}";
    }

    [Test]
    public void Every_flipped_bit_of_a_state_and_of_its_model_is_noticed()
    {
        Interrupt(New().SaveTo(State), 4);
        var model = Directory.GetFiles(folder, "*.zip").Single();
        foreach (var (path, step, budget) in ((string, int, int)[])[(State, 97, 15), (model, 997, 4)])
        {
            var bytes = File.ReadAllBytes(path);
            for (var bit = 3; bit < 8 * bytes.Length; bit += step)
            {
                var damaged = (byte[])bytes.Clone();
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(path, damaged);
                Assert.That(() => New().SetBudget(trials: budget).SaveTo(State).Run(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path), $"bit {bit}");
            }

            File.WriteAllBytes(path, bytes);
        }

        Assert.That(New().SaveTo(State).Run().Trials, Has.Count.EqualTo(15));
    }

    [TestCase("\"ModelFile\": \".*?\"", "\"ModelFile\": \"../other.zip\"", "name of a .zip file in the same folder")]
    [TestCase("\"ModelFile\": \".*?\"", "\"ModelFile\": \"/tmp/other.zip\"", "name of a .zip file in the same folder")]
    [TestCase("\"ModelFile\": \".*?\"", "\"ModelFile\": null", "a trial that succeeded and no ModelFile")]
    [TestCase("\"ModelFile\": \".*?\"", "\"ModelFile\": 7", "does not hold what it should")]
    [TestCase("\"UsedSeconds\": [^,]*", "\"UsedSeconds\": \"NaN\"", "UsedSeconds = NaN")]
    [TestCase("\"UsedSeconds\": [^,]*", "\"UsedSeconds\": -1", "UsedSeconds = -1")]
    [TestCase("\"Settings\": \\[", "\"Settings\": null, \"x\": [", "does not hold what it should")]
    [TestCase("\"Trials\": \\[", "\"Trials\": [null, ", "trials that the search space cannot have made")]
    [TestCase("\"Constraints\": \\[", "\"Constraints\": [null, ", "trials that the search space cannot have made")]
    [TestCase("\"Status\": 0", "\"Status\": 9", "trials that the search space cannot have made")]
    [TestCase("\"Options\": \\[", "\"Options\": null, \"x\": [", "does not hold what it should")]
    public void Values_that_no_experiment_saves_are_refused_though_the_checksum_is_right(string pattern, string replacement, string message)
    {
        Interrupt(New().SaveTo(State), 3);
        var text = File.ReadAllText(State);
        var changed = new System.Text.RegularExpressions.Regex(pattern).Replace(text, replacement, 1);
        Assert.That(changed, Is.Not.EqualTo(text));
        File.WriteAllText(State, Resealed(changed));
        Assert.That(() => New().SaveTo(State).Run(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(message).And.Message.Contains("Delete it"));
    }

    [Test]
    public void A_history_that_cannot_be_written_leaves_the_old_one()
    {
        var result = New().Run();
        var path = Path.Combine(folder, "history.csv");
        result.SaveCsv(path);
        Directory.CreateDirectory(Path.Combine(folder, "taken"));
        Assert.That(() => result.SaveCsv(Path.Combine(folder, "taken")), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That(() => result.SaveCsv("/dev/full"), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That(Directory.GetFileSystemEntries(folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "history.csv", "taken" }));
    }

    [Test]
    public void A_model_that_cannot_be_saved_is_a_failed_trial()
    {
        var space = new OptionSpace();
        space.Range("X", 0, 1);
        var ml = new MLContext(1);
        var result = ml.L2O().Experiment(space, trial => trial.Context.Transforms.CustomMapping<ExperimentLaws.Row, Copy>((row, copy) => copy.Score = row.Label, contractName: null))
            .SetTrainingData(ExperimentLaws.Rows(1), ExperimentLaws.Rows(2)).Minimize(Metric.Mean("Score")).SetBudget(trials: 2).SaveTo(State).Run();
        Assert.That(result.Trials.Select(t => t.Error), Is.All.Contains("cannot be saved"));
        Assert.That(result.HasBest, Is.False);
    }

    private sealed class Copy
    {
        public float Score { get; set; }
    }
}
