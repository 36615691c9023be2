using System.Runtime.CompilerServices;

namespace XaiL2O.MLNet;

/// <summary>Option checks whose messages name the option, its value and the allowed range.</summary>
internal static class OptionCheck
{
    private const int LargestBatch = 1 << 20;

    /// <summary>Rows that are read ahead and computed together.</summary>
    public static void Batch(int value, [CallerArgumentExpression(nameof(value))] string name = "") => Within(value, 1, LargestBatch, name);

    public static void Within(int value, int minimum, int maximum, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value < minimum || value > maximum)
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must lie in [{minimum}, {maximum}].");
    }

    public static void AtLeast(int value, int minimum, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value < minimum)
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must be at least {minimum}.");
    }
}
