using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A finished image beside the true one and its scan.</summary>
internal sealed class CtImage
{
    [VectorType(CtSlice.Pixels)]
    public float[] Image { get; set; } = [];

    [VectorType(CtSlice.Beams)]
    public float[] Measurements { get; set; } = [];

    [VectorType(CtSlice.Pixels)]
    public float[] Reconstruction { get; set; } = [];

    public int Iterations { get; set; }

    public bool Converged { get; set; } = true;
}
