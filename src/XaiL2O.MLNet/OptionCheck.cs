using System.Runtime.CompilerServices;

namespace XaiL2O.MLNet;

/// <summary>Option checks whose messages name the option, its value and the allowed range.</summary>
internal static class OptionCheck
{
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
