using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Benchmarks;

/// <summary>1 000 000 rows through ML.NET's cursors on one thread, with 100 000 calibration rows, and what a row allocates: three certificates; a bound, constant and by a column; a selection.</summary>
internal static class Throughput
{
    private const int Rows = 1_000_000;
    private const int Calibrating = 100_000;

    public static void Guarantees()
    {
        var ml = new MLContext(1);
        var (calibration, rows) = (ml.Data.LoadFromEnumerable(Draw(Calibrating)), ml.Data.LoadFromEnumerable(Draw(Rows)));
        Console.WriteLine($"\n{Rows} rows, {Calibrating} calibration rows, one thread; the fastest of three passes");
        var read = Fastest(rows, ["A", "B", "C"]);
        void Measure(string name, ITransformer model, params string[] outputs)
        {
            // A batch is decided on when its first cursor needs it, so each pass has a view of its own.
            var (seconds, bytes) = Fastest(() => model.Transform(rows), ["A", "B", "C", .. outputs]);
            Console.WriteLine($"{name}: reading {read.Seconds:0.00} s, with it {seconds:0.00} s, it costs {seconds - read.Seconds:0.00} s; allocated {bytes - read.Bytes} bytes over {Rows} rows");
        }

        var bounded = new ErrorBoundOptions { OutputColumnName = "A", TruthColumnName = "B" };
        string[] bounds = ["A.ErrorBound", "A.Lower", "A.Upper"];
        Measure("bounds", ml.L2O().BoundError(bounded).Fit(calibration), bounds);
        Measure("bounds by 20 groups", ml.L2O().BoundError(bounded with { GroupColumnName = "Group" }).Fit(calibration), bounds);
        Measure("bounds with weights", ml.L2O().BoundError(bounded with { WeightColumnName = "C" }).Fit(calibration), bounds);
        var selection = new SelectionOptions { OutputColumnName = "A", TruthColumnName = "B", ErrorLimit = 0.7, RankColumnName = "A" };
        Measure("selection of a batch", ml.L2O().SelectTrustworthy(selection).Fit(calibration), "Selected", "Selected.PValue");
        Measure("selection of a stream", ml.L2O().SelectTrustworthy(selection with { Stream = true }).Fit(calibration), "Selected", "Selected.EValue");
    }

    public static void Certificates()
    {
        var ml = new MLContext(1);
        var (calibration, rows) = (ml.Data.LoadFromEnumerable(Draw(Calibrating)), ml.Data.LoadFromEnumerable(Draw(Rows)));
        Console.WriteLine($"\n{Rows} rows, 3 certificates, {Calibrating} calibration values, one thread; the fastest of three passes");
        foreach (var (name, sketch) in new (string, double?)[] { ("all values", null), ("sketch, rank error 0.001", 0.001) })
        {
            var estimator = ml.L2O().Certify(new CertifierOptions
            {
                Properties = [new("A", "A"), new("B", "B"), new("C", "C")],
                Joint = new JointPolicy { Rule = JointRule.Holm },
                SketchError = sketch,
            });
            var (fit, model) = (double.MaxValue, default(CertifierTransformer)!);
            for (var i = 0; i < 3; i++)
            {
                var clock = Stopwatch.StartNew();
                model = estimator.Fit(calibration);
                fit = Math.Min(fit, clock.Elapsed.TotalSeconds);
            }

            var read = Fastest(rows, ["A", "B", "C"]);
            var judged = Fastest(model.Transform(rows), ["A", "B", "C", "A.PValue", "A.Label", "B.PValue", "B.Label", "C.PValue", "C.Label", "Trustworthy", "JointPValue", "FailedParts", "WarnedParts"]);
            Console.WriteLine($"{name}: fit {fit:0.00} s, {model.Certifier.Properties[0].Distribution.Values.Length} values kept per property; reading {read.Seconds:0.00} s, judged {judged.Seconds:0.00} s, labels cost {judged.Seconds - read.Seconds:0.00} s; allocated {judged.Bytes - read.Bytes} bytes over {Rows} rows");
        }
    }

    private static Row[] Draw(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i => new Row { A = random.NextDouble(), B = random.NextDouble(), C = 0.5f + random.NextSingle(), Group = i % 20 })];
    }

    private static (double Seconds, long Bytes) Fastest(IDataView view, string[] columns) => Fastest(() => view, columns);

    private static (double Seconds, long Bytes) Fastest(Func<IDataView> view, string[] columns)
    {
        var best = (Seconds: double.MaxValue, Bytes: long.MaxValue);
        for (var i = 0; i < 3; i++)
        {
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            Pass(view(), columns);
            best = (Math.Min(best.Seconds, clock.Elapsed.TotalSeconds), Math.Min(best.Bytes, GC.GetAllocatedBytesForCurrentThread() - before));
        }

        return best;
    }

    private static void Pass(IDataView view, string[] columns)
    {
        using var cursor = view.GetRowCursor(columns.Select(c => view.Schema[c]));
        ValueGetter<T>[] Getters<T>(DataViewType type) => [.. columns.Where(c => view.Schema[c].Type == type).Select(c => cursor.GetGetter<T>(view.Schema[c]))];
        var (doubles, floats) = (Getters<double>(NumberDataViewType.Double), Getters<float>(NumberDataViewType.Single));
        var (texts, flags) = (Getters<ReadOnlyMemory<char>>(TextDataViewType.Instance), Getters<bool>(BooleanDataViewType.Instance));
        var (d, f, t, b) = (0.0, 0f, default(ReadOnlyMemory<char>), false);
        while (cursor.MoveNext())
        {
            foreach (var getter in doubles)
                getter(ref d);
            foreach (var getter in floats)
                getter(ref f);
            foreach (var getter in texts)
                getter(ref t);
            foreach (var getter in flags)
                getter(ref b);
        }
    }

    private sealed class Row
    {
        public double A { get; set; }

        public double B { get; set; }

        public float C { get; set; }

        public int Group { get; set; }
    }
}
