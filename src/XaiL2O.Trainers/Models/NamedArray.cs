namespace XaiL2O.Trainers;

/// <summary>A weight as it is stored: a name, a shape and the values in row-major order.</summary>
/// <param name="Name">Name, unique within a model.</param>
/// <param name="Shape">Length of each dimension.</param>
/// <param name="Values">As many values as the product of <paramref name="Shape"/>.</param>
public sealed record NamedArray(string Name, long[] Shape, float[] Values);
