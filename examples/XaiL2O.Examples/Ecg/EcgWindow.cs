using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A window of 250 samples of one ECG lead with its compressed measurements.</summary>
internal sealed class EcgWindow
{
    public const int SignalLength = 250;
    public const int MeasurementCount = 100;

    /// <summary>Millivolts per unit of the data files (5 µV).</summary>
    private const float Millivolts = 0.005f;

    public int Record { get; set; }

    /// <summary>What was done to the measurements; empty for a clean row.</summary>
    public string Corruption { get; set; } = "";

    /// <summary>Samples in mV.</summary>
    [VectorType(SignalLength)]
    public float[] Signal { get; set; } = [];

    /// <summary>d = Ax.</summary>
    [VectorType(MeasurementCount)]
    public float[] Measurements { get; set; } = [];

    /// <summary>Reads a data file and measures every window.</summary>
    public static EcgWindow[] Load(MLContext ml, string file, float[,] A)
    {
        var view = ml.Data.LoadFromTextFile(
            ExampleContext.Data(file),
            [
                new TextLoader.Column("Record", DataKind.Int32, 0),
                new TextLoader.Column("Samples", DataKind.Single, 2, 1 + SignalLength),
            ],
            hasHeader: true);
        return
        [
            .. ml.Data.CreateEnumerable<Samples>(view, reuseRowObject: false).Select(row =>
            {
                var signal = row.Values.Select(v => v * Millivolts).ToArray();
                return new EcgWindow { Record = row.Record, Signal = signal, Measurements = MatrixMath.Multiply(A, signal) };
            }),
        ];
    }

    private sealed class Samples
    {
        public int Record { get; set; }

        [ColumnName("Samples"), VectorType(SignalLength)]
        public float[] Values { get; set; } = [];
    }
}
