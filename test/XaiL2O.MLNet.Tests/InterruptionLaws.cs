using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>How work ends that is not wanted any more: by a token, or with the process.</summary>
[NonParallelizable] // time is limited
internal sealed class InterruptionLaws
{
    private static readonly MLContext Ml = new(1);

    /// <summary>A model that does not converge within an hour.</summary>
    private static IDataView Endless(IDataView rows) => Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition
    {
        MeasurementMatrix = Fixture.A,
        InitialTransform = Fixture.Matrix(1, Fixture.N, Fixture.N),
        LearnTransform = false,
    }, new ImplicitModelTrainer.Options
    {
        Solver = new FixedPointOptions { MaxIterations = int.MaxValue, ResidualTolerance = 1e-300, FidelityTolerance = 1e-300, CheckEvery = 1_000_000 },
    }).Fit(rows).Transform(rows);

    [Test]
    public void A_scope_ends_solves_wherever_rows_are_read()
    {
        var rows = Endless(Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 40)));
        foreach (var read in (Action[])
        [
            () => Fixture.Certifier(Ml).Fit(rows),
            () => rows.Preview(1),
            () => _ = Ml.Data.Cache(rows, "Estimate").GetColumn<float[]>("Estimate").ToArray(),
            () => Ml.Clustering.Trainers.KMeans("Estimate", numberOfClusters: 2).Fit(rows),
        ])
        {
            using var source = new CancellationTokenSource(300);
            using var scope = Interruption.Scope(source.Token);
            var clock = Stopwatch.StartNew();
            // ML.NET's cache reads on a thread of its own and wraps what happens there.
            Assert.That(Assert.Catch(() => read())!.GetBaseException(), Is.InstanceOf<OperationCanceledException>());
            Assert.That(clock.Elapsed.TotalSeconds, Is.LessThan(5));
        }
    }

    [Test]
    public void A_scope_ends_before_the_next_row_of_any_view()
    {
        var rows = Fixture.Model.LastTransformer.Transform(Fixture.Model.First().Transform(Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 40))));
        using var source = new CancellationTokenSource();
        using (Interruption.Scope(source.Token))
        using (var cursor = rows.GetRowCursor(rows.Schema))
        {
            Assert.That(cursor.MoveNext());
            source.Cancel();
            Assert.That(() => { while (cursor.MoveNext()) { } }, Throws.InstanceOf<OperationCanceledException>());
        }

        Assert.That(Fixture.Read(rows), Has.Length.EqualTo(40), "after the scope");
    }

    private sealed class Number
    {
        public float Value { get; set; }

        public float Error { get; set; }

        public bool Bad { get; set; }

        public bool Trustworthy { get; set; }

        public double JointPValue { get; set; }

        public string FailedParts { get; set; } = "";

        public string WarnedParts { get; set; } = "";

        public string Explanation { get; set; } = "";
    }

    /// <summary>Rows that another library makes, without end: the loop that reads them looks for a token itself.</summary>
    [Test]
    public void A_scope_ends_whatever_reads_rows_of_others()
    {
        static IEnumerable<Number> Endless()
        {
            for (var i = 0; ; i++)
                yield return new Number { Value = i % 2, Bad = i % 2 == 0 };
        }

        var (rows, few) = (Ml.Data.LoadFromEnumerable(Endless()), Ml.Data.LoadFromEnumerable(Endless().Take(1000).ToArray()));
        var property = new CertifiedProperty("Small", "Error");
        var selection = new SelectionOptions { RankColumnName = "Value", BadColumnName = "Bad" };
        var stream = Ml.L2O().SelectTrustworthy(selection with { Stream = true, Window = 10 }).Fit(few).Transform(rows);
        foreach (var (name, read) in new (string, Action)[]
        {
            ("certifier", () => Ml.L2O().Certify(property).Fit(rows)),
            ("bound", () => Ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Value", TruthColumnName = "Value" }).Fit(rows)),
            ("selection", () => Ml.L2O().SelectTrustworthy(selection).Fit(rows)),
            ("stream", () => _ = stream.GetColumn<bool>("Selected").Count()),
            ("post-condition", () => _ = Ml.L2O().RequireTrust(onFail: TrustAction.Drop).Fit(few).Transform(rows).GetColumn<float>("Value").Count()),
        })
        {
            using var source = new CancellationTokenSource(300);
            using var scope = Interruption.Scope(source.Token);
            var ended = Task.Run(() => Assert.That(Assert.Catch(() => read())!.GetBaseException(), Is.InstanceOf<OperationCanceledException>(), name));
            Assert.That(ended.Wait(TimeSpan.FromSeconds(5)), Is.True, name);
        }
    }

    [Test]
    public void Scopes_nest_and_end()
    {
        using var outer = new CancellationTokenSource();
        using var inner = new CancellationTokenSource();
        using (Interruption.Scope(outer.Token))
        {
            using (Interruption.Scope(inner.Token))
            {
                Interruption.Check();
                outer.Cancel();
                Assert.That(Interruption.Check, Throws.InstanceOf<OperationCanceledException>());
            }

            Assert.That(Interruption.Check, Throws.InstanceOf<OperationCanceledException>());
            Assert.That(() => Task.Run(Interruption.Check).GetAwaiter().GetResult(), Throws.InstanceOf<OperationCanceledException>());
        }

        Assert.That(Interruption.Check, Throws.Nothing);
    }

    /// <summary>ML.NET's background threads live on for other work, which a token of before must not end.</summary>
    [Test]
    public void A_thread_that_outlives_a_scope_is_free_of_it()
    {
        using var source = new CancellationTokenSource();
        using var ended = new ManualResetEventSlim();
        Task thread;
        using (Interruption.Scope(source.Token))
        {
            thread = Task.Run(() =>
            {
                ended.Wait();
                Interruption.Check();
            });
            source.Cancel();
        }

        ended.Set();
        Assert.That(thread.GetAwaiter().GetResult, Throws.Nothing);
    }

    [TestCase("train", 5, 60, 131)]
    [TestCase("make", 5, 20, 40, 60, 131)]
    [TestCase("solve", 60)]
    public void A_process_that_ends_during_native_work_ends_with_its_exit_code(string work, params int[] moments)
    {
        foreach (var milliseconds in moments)
        {
            var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
            foreach (var argument in (string[])[typeof(LeavingProcess).Assembly.Location, LeavingProcess.Verb, work, $"{milliseconds}"])
                start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.That((process.ExitCode, errors), Is.EqualTo((LeavingProcess.ExitCode, "")), $"after {milliseconds} ms");
        }
    }
}
