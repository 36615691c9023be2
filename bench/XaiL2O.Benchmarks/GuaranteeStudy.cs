namespace XaiL2O.Benchmarks;

/// <summary>Every promise of bounds and selections in 1 000 repetitions, and what they cost in width and power. Takes about a minute.</summary>
internal static class GuaranteeStudy
{
    public static void Run()
    {
        foreach (var (_, measure) in GuaranteeSimulation.All())
            Console.WriteLine(measure(1000));
    }
}
