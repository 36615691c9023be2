using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A handwritten digit of 8×8 pixels.</summary>
internal sealed class Digit
{
    public const int Side = 8;
    public const int Size = Side * Side;

    /// <summary>Name of the row in the report.</summary>
    public string Name { get; set; } = "";

    /// <summary>What was done to the pixels or what is unusual about them; "in distribution" for an untouched digit of a known class.</summary>
    public string Set { get; set; } = "in distribution";

    /// <summary>The digit, as text.</summary>
    public string Truth { get; set; } = "";

    /// <summary>Ink per pixel, 0 … 16.</summary>
    [VectorType(Size)]
    public float[] Pixels { get; set; } = new float[Size];

    public static Digit[] Load(MLContext ml)
    {
        var view = ml.Data.LoadFromTextFile(
            ExampleContext.Data(Path.Combine("digits", "digits.tsv")),
            [new TextLoader.Column("Truth", DataKind.String, 0), new TextLoader.Column("Pixels", DataKind.Single, 1, Size)],
            hasHeader: true);
        return [.. ml.Data.CreateEnumerable<Digit>(view, reuseRowObject: false, ignoreMissingColumns: true).Select((d, i) => new Digit { Name = $"digit {i} ({d.Truth})", Truth = d.Truth, Pixels = d.Pixels })];
    }

    public Digit With(string set, float[] pixels) => new() { Name = $"{Name}, {set}", Set = set, Truth = Truth, Pixels = pixels };
}
