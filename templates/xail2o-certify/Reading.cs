using Microsoft.ML.Data;

/// <summary>A row of machines.csv. Replace it by the columns of your file.</summary>
public sealed class Reading
{
    /// <summary>Vibration (mm/s), temperature (°C), current (A) and noise (dB) of a machine.</summary>
    [LoadColumn(0, 3), VectorType(4)]
    public float[] Features { get; set; } = [];

    /// <summary>What a mechanic found: good, worn or loose.</summary>
    [LoadColumn(4)]
    public string State { get; set; } = "";
}
