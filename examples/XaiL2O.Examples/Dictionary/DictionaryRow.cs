using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.Examples;

/// <summary>A signal x = Ms of sparse codes s, its measurements d = Ax, and what a model makes of them.</summary>
internal sealed class DictionaryRow
{
    public const int SignalLength = 250;
    public const int MeasurementCount = 100;

    [VectorType(SignalLength)]
    public float[] Signal { get; set; } = [];

    [VectorType(MeasurementCount)]
    public float[] Measurements { get; set; } = [];

    [VectorType(SignalLength)]
    public float[] Estimate { get; set; } = new float[SignalLength];

    [ColumnName("Sparsity.Value")]
    public double Sparsity { get; set; }

    [ColumnName("Fidelity.Value")]
    public double Fidelity { get; set; }

    public int Iterations { get; set; }

    public bool Converged { get; set; }

    /// <summary>Draws signals whose codes are each active with a probability and then Gaussian.</summary>
    /// <param name="count">Number of rows.</param>
    /// <param name="synthesis">M, a column per code.</param>
    /// <param name="A">A.</param>
    /// <param name="active">The probability.</param>
    /// <param name="random">The draws.</param>
    public static DictionaryRow[] Draw(int count, float[,] synthesis, float[,] A, double active, Random random)
    {
        var rows = new DictionaryRow[count];
        var code = new float[synthesis.GetLength(1)];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < code.Length; j++)
                code[j] = random.NextDouble() < active ? Gaussian.Next(random) : 0;
            var signal = MatrixMath.Multiply(synthesis, code);
            rows[i] = new DictionaryRow { Signal = signal, Measurements = MatrixMath.Multiply(A, signal) };
        }

        return rows;
    }

    /// <summary>‖x̂ − x‖²/n of every row.</summary>
    public static double[] Errors(IEnumerable<DictionaryRow> rows) => [.. rows.Select(r => MatrixMath.SquaredDistance(r.Estimate, r.Signal) / SignalLength)];

    /// <summary>
    /// ‖x̂ − x‖²/n on every test row of a linear regression of x on d: of the rows that train the model, nine tenths are regressed and the last tenth
    /// chooses the ridge.
    /// </summary>
    public static double[] LinearErrors(DictionaryRow[] train, DictionaryRow[] test)
    {
        var (fit, held) = (train[..(train.Length * 9 / 10)], train[(train.Length * 9 / 10)..]);
        var regression = LinearEstimator.FromPairs(
            [.. fit.Select(r => r.Measurements)], [.. fit.Select(r => r.Signal)], [.. held.Select(r => r.Measurements)], [.. held.Select(r => r.Signal)]);
        return [.. test.Select(r => MatrixMath.SquaredDistance(regression.Estimate(r.Measurements), r.Signal) / SignalLength)];
    }
}
