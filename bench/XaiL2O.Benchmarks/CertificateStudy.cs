namespace XaiL2O.Benchmarks;

/// <summary>What certificates promise, measured: false fails, false alarms of the drift monitor, throughput. Takes about a minute.</summary>
internal static class CertificateStudy
{
    public static void Run()
    {
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}, {Environment.ProcessorCount} cores, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}");
        FalseFails.Run();
        CalibrationChoices.Run();
        FalseAlarms.Run();
        Throughput.Certificates();
    }

    /// <summary>A standard normal draw.</summary>
    public static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Three property values: squares of normal numbers with a correlation between each other.</summary>
    public static double[] Row(Random random, double correlation)
    {
        var shared = Normal(random);
        return [.. Enumerable.Range(0, 3).Select(_ => Math.Pow((Math.Sqrt(correlation) * shared) + (Math.Sqrt(1 - correlation) * Normal(random)), 2))];
    }
}
