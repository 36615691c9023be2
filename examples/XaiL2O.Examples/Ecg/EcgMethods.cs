namespace XaiL2O.Examples;

/// <summary>Estimates of the clean test windows, by method, in the order of the windows.</summary>
internal sealed record EcgMethods(EcgInference[] Learned, EcgInference[] LinearSample, EcgInference[] LinearStationary, EcgInference[] Cosine, EcgInference[] LeastSquares);
