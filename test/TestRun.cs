// Fixtures run side by side, as many as the machine has cores; tests of time limits, or that change what belongs to the process, are marked NonParallelizable.
[assembly: Parallelizable(ParallelScope.Fixtures)]

namespace XaiL2O;

/// <summary>How long the tests may take.</summary>
internal static class TestRun
{
    /// <summary>Whether the long versions run: the variable <c>XAIL2O_FULL</c> is 1, as <c>./test.sh --full</c> sets it.</summary>
    public static bool Full { get; } = Environment.GetEnvironmentVariable("XAIL2O_FULL") == "1";

    /// <summary>What a number is in the usual run and in the long one.</summary>
    public static T Sized<T>(T usual, T full) => Full ? full : usual;
}
