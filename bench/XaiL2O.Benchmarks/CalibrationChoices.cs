using System.Diagnostics;
using XaiL2O.Certifiers;

namespace XaiL2O.Benchmarks;

/// <summary>
/// How often good inferences, truths, and rows with half of a good inference's value fail at nominal 5 %, by whose values calibrate and which sides
/// count; 2 000 repetitions of calibrating on N rows and judging 100 new ones. An inference has 0.7 to 0.9 times the value of its truth, as a
/// reconstruction is smoother than the image.
/// </summary>
internal static class CalibrationChoices
{
    private const int Repetitions = 2000;
    private const int Judged = 100;

    public static void Run()
    {
        Console.WriteLine($"\nFails in percent, nominal 5; {Repetitions} repetitions of {Judged} rows");
        Console.WriteLine($"{"N",5} {"calibrated on",14} {"sides",9} | {"inferences",10} {"truths",7} {"halved",7}");
        foreach (var (n, source, sides) in from n in (int[])[110, 510] from source in Enum.GetValues<CalibrationSource>() from sides in Enum.GetValues<Sides>() select (n, source, sides))
        {
            var rates = Rates(n, source, sides);
            Console.WriteLine($"{n,5} {source,14} {sides,9} | {rates[0],10:0.00} {rates[1],7:0.00} {rates[2],7:0.00}");
        }

        var values = new EmpiricalDistribution(Enumerable.Range(0, 100_000).Select(i => i / 1e5));
        foreach (var sides in Enum.GetValues<Sides>())
        {
            var property = new PropertyCertifier("P", values, new LabelPolicy(), Calibration.Conformal, sides: sides);
            var (random, clock) = (new Random(1), Stopwatch.StartNew());
            for (var i = 0; i < 2_000_000; i++)
                property.Certify(random.NextDouble());
            Console.WriteLine($"{sides}: {clock.Elapsed.TotalNanoseconds / 2e6:0} ns per certificate on 100 000 calibration values");
        }
    }

    private static double[] Rates(int n, CalibrationSource source, Sides sides)
    {
        var random = new Random(1);
        (double Truth, double Inference) Row()
        {
            var truth = Math.Exp(0.3 * CertificateStudy.Normal(random));
            return (truth, (0.7 + (0.2 * random.NextDouble())) * truth);
        }

        var fails = new long[3];
        for (var r = 0; r < Repetitions; r++)
        {
            var rows = Enumerable.Range(0, n).Select(_ => Row()).ToArray();
            var certifier = new PropertyCertifier(
                "P", new EmpiricalDistribution(rows.Select(t => t.Inference)), new LabelPolicy(), Calibration.Conformal, 0, sides, source, source == CalibrationSource.Inferences ? null : new EmpiricalDistribution(rows.Select(t => t.Truth)));
            for (var j = 0; j < Judged; j++)
            {
                var (truth, inference) = Row();
                foreach (var (value, i) in new[] { inference, truth, inference / 2 }.Select((v, i) => (v, i)))
                    fails[i] += certifier.Certify(value).Label == CertificateLabel.Fail ? 1 : 0;
            }
        }

        return [.. fails.Select(f => 100.0 * f / (Repetitions * Judged))];
    }
}
