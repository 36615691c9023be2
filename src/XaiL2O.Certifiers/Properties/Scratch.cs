using System.Buffers;

namespace XaiL2O.Certifiers;

/// <summary>Room for intermediate values from a shared pool, so that evaluating properties allocates nothing per row.</summary>
internal readonly ref struct Scratch
{
    private readonly double[] rented;

    public Scratch(int length)
    {
        rented = ArrayPool<double>.Shared.Rent(length);
        Span = rented.AsSpan(0, length);
    }

    public Span<double> Span { get; }

    public void Dispose() => ArrayPool<double>.Shared.Return(rented);
}
