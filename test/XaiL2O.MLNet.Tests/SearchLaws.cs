using CsCheck;
using static XaiL2O.MLNet.Tests.ExperimentLaws;

namespace XaiL2O.MLNet.Tests;

/// <summary>Search spaces and the tuners that choose from them.</summary>
internal sealed class SearchLaws
{
    [Test]
    public void Samples_lie_in_their_ranges() => Gen.Select(Gen.Double[1e-6, 10], Gen.Double[1.001, 1e6], Gen.Int[1, 100], Gen.Int[1, 100], Gen.Int).Sample((low, factor, n, more, seed) =>
    {
        var space = new OptionSpace();
        var (linear, logarithmic) = (space.Range("A", -low, low * factor), space.Range("B", low, low * factor, logarithmic: true));
        var (integer, logInteger) = (space.IntegerRange("C", -n, more), space.IntegerRange("D", n, n + more, logarithmic: true));
        var choice = space.Choice("E", [1, 2, 3]);
        var options = space.Sample(new Random(seed));
        Assert.That(options.Value(linear), Is.InRange(-low, low * factor));
        Assert.That(options.Value(logarithmic), Is.InRange(low, low * factor));
        Assert.That(options.Value(integer), Is.InRange(-n, more));
        Assert.That(options.Value(logInteger), Is.InRange(n, n + more));
        Assert.That(options.Value(choice), Is.AnyOf(1, 2, 3));
    });

    [Test]
    public void Logarithmic_ranges_are_uniform_in_the_logarithm_and_integers_reach_their_ends()
    {
        const int n = 20_000;
        var space = new OptionSpace();
        var (x, k, even) = (space.Range("X", 1e-3, 1e2, logarithmic: true), space.IntegerRange("K", 1, 7, logarithmic: true), space.IntegerRange("Even", 1, 4));
        var random = new Random(3);
        SampledOptions[] samples = [.. Enumerable.Range(0, n).Select(_ => space.Sample(random))];
        // Kolmogorov–Smirnov distance; 1.95/√n is exceeded once in a thousand times.
        var logs = samples.Select(s => Math.Log(s.Value(x) / 1e-3) / Math.Log(1e5)).Order().ToArray();
        Assert.That(logs.Select((u, i) => Math.Abs(u - ((i + 0.5) / n))).Max(), Is.LessThan(1.95 / Math.Sqrt(n)));
        for (var value = 1; value <= 7; value++)
            Assert.That(samples.Count(s => s.Value(k) == value) / (double)n, Is.EqualTo(Math.Log((value + 1.0) / value) / Math.Log(8)).Within(0.015));
        for (var value = 1; value <= 4; value++)
            Assert.That(samples.Count(s => s.Value(even) == value) / (double)n, Is.EqualTo(0.25).Within(0.015));
    }

    [Test]
    public void Ranges_as_wide_as_numbers_are_sampled_throughout()
    {
        var space = new OptionSpace();
        var (linear, logarithmic) = (space.Range("A", -1e308, 1e308), space.Range("B", 1e-200, 1e200, logarithmic: true));
        var random = new Random(1);
        SampledOptions[] samples = [.. Enumerable.Range(0, 1000).Select(_ => space.Sample(random))];
        Assert.That(samples.Average(s => s.Value(linear) / 1e308), Is.EqualTo(0).Within(0.1));
        Assert.That(samples.Average(s => Math.Log10(s.Value(logarithmic)) / 200), Is.EqualTo(0).Within(0.1));
    }

    [Test]
    public void Spaces_refuse_what_makes_no_sense()
    {
        var space = new OptionSpace();
        space.Range("X", 0, 1);
        Assert.That(() => space.Range("X", 0, 1), Throws.ArgumentException.With.Message.Contains("'X'"));
        Assert.That(() => space.Range("Y", 1, 1), Throws.ArgumentException.With.Message.Contains("[1, 1] of 'Y'"));
        Assert.That(() => space.Range("Y", double.NaN, 1), Throws.ArgumentException);
        Assert.That(() => space.Range("Y", 0, 1, logarithmic: true), Throws.ArgumentException.With.Message.Contains("above 0"));
        Assert.That(() => space.Range("Y", 1, 2, initial: 3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("default 3 of 'Y'").And.Message.Contains("in [1, 2]"));
        Assert.That(() => space.Choice("Y", ["a", "a"]), Throws.ArgumentException.With.Message.Contains("'Y'"));
        Assert.That(() => space.Choice("Y", ["a", "b"], "c"), Throws.ArgumentException.With.Message.Contains("default c"));
        var other = new OptionSpace().Range("X", 0, 1);
        Assert.That(() => space.Sample(new Random(1)).Value(other), Throws.ArgumentException.With.Message.Contains("another search space"));
        space.Range("Y", 0, 1, initial: 0.5);
        Assert.That(() => Cheap(space, _ => 0).SetBudget(trials: 1).Run(), Throws.InvalidOperationException.With.Message.Contains("for all options or for none; there is none for 'X'"));
    }

    private static Tuner[] Tuners => [new RandomSearch(5), new SuccessiveHalving(5), new SuccessiveHalving(5, Rungs: 2, ReductionFactor: 4)];

    [TestCaseSource(nameof(Tuners))]
    public void Tuners_follow_from_seed_and_history_alone(Tuner tuner)
    {
        ExperimentResult Run(Tuner t)
        {
            var (space, x, n, _) = Space();
            return Cheap(space, trial => trial.Value(x) + trial.Value(n) - trial.Resource).SetTuner(t).SetBudget(trials: 20).Run();
        }

        static string[] Told(ExperimentResult r) => [.. r.Trials.Select(t => $"{t.Number} {t.Options} {t.Resource} {t.Metric}")];
        var first = Told(Run(tuner));
        Assert.That(Told(Run(tuner with { })), Is.EqualTo(first));
        Assert.That(first[0], Does.StartWith("0 X = 1, N = 5, Kind = b 1"));
        Tuner other = tuner is RandomSearch ? new RandomSearch(6) : new SuccessiveHalving(6);
        Assert.That(Told(Run(other)).Skip(1), Is.Not.EqualTo(first.Skip(1)));
        Assert.That(first.Distinct().Count(), Is.EqualTo(20));
    }

    [Test]
    public void Random_search_ends_when_all_choices_are_tried()
    {
        var space = new OptionSpace();
        var (a, b) = (space.Choice("A", [1, 2]), space.Choice("B", ["x", "y", "z"]));
        var result = Cheap(space, trial => trial.Value(a)).SetBudget(trials: 100).Run();
        Assert.That(result.Trials.Select(t => (t.Value(a), t.Value(b))).Distinct().Count(), Is.EqualTo(6));
        Assert.That(result.Trials, Has.Count.EqualTo(6));
    }

    [Test]
    public void Halving_promotes_the_best_and_never_a_failed_one()
    {
        var (space, x, _, _) = Space(defaults: false);
        var result = Cheap(space, trial => trial.Number == 4 ? throw new InvalidOperationException("odd") : trial.Value(x)).SetTuner(new SuccessiveHalving(2)).SetBudget(trials: 14).Run();
        Assert.That(result.Trials.Select(t => Math.Round(9 * t.Resource)), Is.EqualTo(new double[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 3, 3, 3, 9, 1 }));
        double[] best = [.. result.Trials.Take(9).Where(t => t.Status == TrialStatus.Succeeded).Select(t => t.Value(x)).Order().Take(3)];
        Assert.That(result.Trials.Skip(9).Take(3).Select(t => t.Value(x)), Is.EqualTo(best));
        Assert.That(result.Trials[12].Value(x), Is.EqualTo(best[0]));
        Assert.That(() => new SuccessiveHalving(Rungs: 1).Next(space, [], new TrialOrder(false)), Throws.Nothing);
        Assert.That(() => Cheap(space, _ => 0).SetTuner(new SuccessiveHalving(Rungs: 1)), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Rungs = 1").And.Message.Contains("[2, 10]"));
    }

    [Test]
    public void All_failed_rungs_do_not_end_the_search()
    {
        var (space, _, _, _) = Space();
        var ended = new List<TrialOutcome>();
        for (var i = 0; i < 25; i++)
        {
            var proposal = new SuccessiveHalving(2).Next(space, ended, new TrialOrder(false));
            Assert.That(proposal, Is.Not.Null);
            ended.Add(new TrialOutcome(i, proposal!.Options, proposal.Resource) { Status = TrialStatus.Failed });
        }

        var result = Cheap(space, _ => double.NaN).SetTuner(new SuccessiveHalving(2)).SetBudget(trials: 9).Run();
        Assert.That(result.Trials, Has.Count.EqualTo(9));
        Assert.That(result.Trials.Select(t => t.Status), Is.All.EqualTo(TrialStatus.Failed));
        Assert.That(result.HasBest, Is.False);
        Assert.That(() => result.BestTrial, Throws.InvalidOperationException.With.Message.Contains("Trial 0 (X = 1, N = 5, Kind = b) failed: The metric value is NaN."));
        Assert.That(() => result.Model, Throws.InvalidOperationException);
    }
}
