namespace XaiL2O.Benchmarks;

/// <summary>Every promise of bounds and selections in 1 000 repetitions, what they cost in width and power, and in time for 1 000 000 rows. Takes about two minutes.</summary>
internal static class GuaranteeStudy
{
    public static void Run()
    {
        foreach (var (_, measure) in GuaranteeSimulation.All())
            Console.WriteLine(measure(1000));
        Throughput.Guarantees();
    }
}
