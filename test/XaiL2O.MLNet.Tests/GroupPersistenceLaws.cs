using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Certifiers with many groups and with groups of any name, before and after loading.</summary>
[NonParallelizable] // time is measured
internal sealed class GroupPersistenceLaws
{
    private static readonly MLContext Ml = new(1);

    private static CertifierTransformer Fit(IEnumerable<Row> rows) => Ml.L2O().Certify(new CertifierOptions
    {
        Properties = [new CertifiedProperty("P", "Value"), new CertifiedProperty("Q", "Value")],
        Policy = new LabelPolicy { PassProbability = 0.5, FailProbability = 0.5 },
        GroupColumnName = "Group",
        GroupFallback = GroupFallback.Fail,
    }).Fit(Ml.Data.LoadFromEnumerable(rows));

    private static T Reload<T>(T certifier)
        where T : class, ITransformer
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(certifier, Ml.Data.LoadFromEnumerable(Array.Empty<Row>()).Schema, stream);
        stream.Position = 0;
        var loaded = new MLContext().Model.Load(stream, out _);
        return loaded as T ?? (T)((IEnumerable<ITransformer>)loaded).Single();
    }

    [Test]
    public void A_hundred_thousand_groups_load_in_a_time_that_grows_with_their_number()
    {
        double Seconds(int groups)
        {
            var certifier = Fit(Enumerable.Range(0, groups).Select(i => new Row { Group = $"g{i}", Value = i % 100 }));
            Assert.That(certifier.Certifier.Groups, Has.Count.EqualTo(groups));
            var clock = Stopwatch.StartNew();
            Assert.That(Reload(certifier).Certifier.Groups, Has.Count.EqualTo(groups));
            return clock.Elapsed.TotalSeconds;
        }

        _ = Seconds(100);
        var (few, many) = (Seconds(10_000), Seconds(100_000));
        TestContext.Out.WriteLine($"saved and loaded: 10 000 groups in {few:0.00} s, 100 000 in {many:0.00} s");
        // Ten times as many; a quadratic search takes a hundred times as long.
        Assert.That(many, Is.LessThan(40 * few));
    }

    [Test]
    public void A_group_of_any_name_is_the_same_one_after_loading()
    {
        Row[] rows = [.. Names.SelectMany((name, i) => Enumerable.Range(0, 4).Select(k => new Row { Group = name, Value = (10 * i) + k }))];
        var certifier = Fit(rows);
        var loaded = Reload(certifier);
        Assert.That(loaded.Certifier.Groups.Keys, Is.EquivalentTo(certifier.Certifier.Groups.Keys));
        foreach (var name in Names)
        {
            for (var value = 0.0; value < 100; value += 7)
                Assert.That(loaded.Certifier.Certify([value, value], name).Trustworthy, Is.EqualTo(certifier.Certifier.Certify([value, value], name).Trustworthy), name);
        }
    }

    [Test]
    public void A_bound_of_a_group_of_any_name_is_the_same_one_after_loading()
    {
        Row[] rows = [.. Names.SelectMany((name, i) => Enumerable.Range(0, 9).Select(k => new Row { Group = name, Value = (10 * i) + k }))];
        var bound = Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Value", TruthColumnName = "Truth", GroupColumnName = "Group", GroupFallback = GroupFallback.Fail }).Fit(Ml.Data.LoadFromEnumerable(rows));
        var view = Ml.Data.LoadFromEnumerable(rows);
        double[] bounds = [.. bound.Transform(view).GetColumn<double>("Value.ErrorBound")];
        Assert.That(bounds.Distinct().Count(), Is.EqualTo(Names.Length));
        Assert.That(Reload(bound).Transform(view).GetColumn<double>("Value.ErrorBound"), Is.EqualTo(bounds));
    }

    private static readonly string[] Names = ["a\uD800", "a\uDBFF", "\uDC00", "a\uFFFD", "plain", "", "tab\t\0", "\uD83D\uDE00", "[1]"];

    private sealed class Row
    {
        public string Group { get; set; } = "";

        public double Value { get; set; }

        public double Truth { get; set; }
    }
}
