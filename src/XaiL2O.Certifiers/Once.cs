using System.Runtime.CompilerServices;

namespace XaiL2O.Certifiers;

/// <summary>
/// A value made on first use, by one thread while others wait. Where making it fails, the next use tries again: <see cref="Lazy{T}"/> would give
/// the same exception for ever, and an allocation that failed once may succeed when other memory has been given back.
/// </summary>
internal sealed class Once<T>(Func<T> make)
{
    private readonly Lock gate = new();
    private volatile StrongBox<T>? made;

    /// <summary>The value if it has been made.</summary>
    public T? Made => made is { } known ? known.Value : default;

    public T Value
    {
        get
        {
            if (made is { } known)
                return known.Value!;
            lock (gate)
                return (made ??= new StrongBox<T>(make())).Value!;
        }
    }
}
