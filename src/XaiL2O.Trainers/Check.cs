using System.Numerics;
using System.Runtime.CompilerServices;

namespace XaiL2O.Trainers;

/// <summary>Option checks whose messages name the option, its value and the allowed range.</summary>
internal static class Check
{
    /// <summary>The widest kernel of a convolution.</summary>
    private const int LargestKernel = 255;

    /// <summary>The largest number of an option: its square has room in double precision.</summary>
    public const double Largest = 1e30;

    /// <summary>An argument that is not null, for initialisers of constructors.</summary>
    public static T Given<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    public static void AtLeast<T>(T value, T minimum, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : INumber<T>
    {
        if (!(value >= minimum && double.CreateSaturating(value) <= Largest))
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must be at least {minimum}{(typeof(T) == typeof(double) ? $" and at most {Largest}" : "")}.");
    }

    public static void Positive(double value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value > 0 && value <= Largest))
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must be positive and at most {Largest}.");
    }

    public static void PositiveIfGiven(double? value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value is { } given)
            Positive(given, name);
    }

    public static void Whole(int value, int minimum, int maximum, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value < minimum || value > maximum)
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must lie in [{minimum}, {maximum}].");
    }

    public static void Within(double value, double minimum, double maximum, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= minimum && value <= maximum))
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must lie in [{minimum}, {maximum}].");
    }

    public static void Odd(int value, [CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (value is < 1 or > LargestKernel || value % 2 == 0)
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is out of range; it must be odd and lie in [1, {LargestKernel}].");
    }

    public static void Defined<T>(T value, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
            throw new ArgumentOutOfRangeException(name, value, $"{name} = {value} is not a {typeof(T).Name}.");
    }
}
