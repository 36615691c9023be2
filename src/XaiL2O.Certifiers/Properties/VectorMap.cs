namespace XaiL2O.Certifiers;

/// <summary>A map of a vector to one of the same length, such as a projection or a proximal. Must be pure and safe from many threads.</summary>
/// <param name="x">Argument.</param>
/// <param name="result">Receives the value; as long as <paramref name="x"/> and not overlapping it.</param>
public delegate void VectorMap(ReadOnlySpan<double> x, Span<double> result);
