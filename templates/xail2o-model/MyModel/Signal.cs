using Microsoft.ML.Data;

/// <summary>A row: what was measured, and for training what is true.</summary>
public sealed class Signal
{
    /// <summary>The noisy signal.</summary>
    [VectorType(48)]
    public float[] Measured { get; set; } = [];

    /// <summary>The signal without noise.</summary>
    [VectorType(48)]
    public float[] Truth { get; set; } = [];

    /// <summary>Rows made up: a few levels, and noise of 0.1. Replace them by yours.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The same seed gives the same rows.</param>
    public static Signal[] Simulate(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var (row, level) = (new Signal { Measured = new float[48], Truth = new float[48] }, random.NextSingle());
            for (var i = 0; i < 48; i++)
            {
                if (random.Next(12) == 0)
                    level = random.NextSingle();
                row.Truth[i] = level;
                var noise = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                row.Measured[i] = level + (float)(0.1 * noise);
            }

            return row;
        })];
    }
}
