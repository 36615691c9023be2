using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Benchmarks;

/// <summary>1 000 000 rows × 3 certificates on 100 000 calibration values through ML.NET's cursors, on one thread, and what a row allocates.</summary>
internal static class CertifierThroughput
{
    private const int Rows = 1_000_000;
    private const int Calibrating = 100_000;

    public static void Run()
    {
        var random = new Random(3);
        Row[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => new Row { A = random.NextDouble(), B = random.NextDouble(), C = (float)random.NextDouble() })];
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

            var read = Fastest(rows, []);
            var judged = Fastest(model.Transform(rows), ["A.PValue", "A.Label", "B.PValue", "B.Label", "C.PValue", "C.Label", "Trustworthy", "JointPValue", "FailedParts", "WarnedParts"]);
            Console.WriteLine($"{name}: fit {fit:0.00} s, {model.Certifier.Properties[0].Distribution.Values.Length} values kept per property; reading {read.Seconds:0.00} s, judged {judged.Seconds:0.00} s, labels cost {judged.Seconds - read.Seconds:0.00} s; allocated {judged.Bytes - read.Bytes} bytes over {Rows} rows");
        }
    }

    private static (double Seconds, long Bytes) Fastest(IDataView view, string[] outputs)
    {
        var best = (Seconds: double.MaxValue, Bytes: long.MaxValue);
        for (var i = 0; i < 3; i++)
        {
            var (clock, before) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            Pass(view, outputs);
            best = (Math.Min(best.Seconds, clock.Elapsed.TotalSeconds), Math.Min(best.Bytes, GC.GetAllocatedBytesForCurrentThread() - before));
        }

        return best;
    }

    private static void Pass(IDataView view, string[] outputs)
    {
        string[] columns = ["A", "B", "C", .. outputs];
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
    }
}
