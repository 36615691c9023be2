using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.MLNet;
using XaiL2O.MLNet.Tests;
using XaiL2O.Trainers;

namespace XaiL2O.Data.Tests;

/// <summary>Simulated scans and quality of images are estimators: they chain, promise what they deliver, and come back from a zip.</summary>
internal sealed class EstimatorLaws
{
    private const int Size = 8;
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = Size, Angles = 4, Bins = 12 };
    private static readonly MLContext Ml = new(1);

    private static Row[] Rows => [.. Enumerable.Range(0, 5).Select(i => new Row
    {
        Image = [.. Enumerable.Range(0, Size * Size).Select(j => (float)Math.Abs(Math.Sin(i + j)))],
        Wide = [.. Enumerable.Range(0, Size * Size).Select(j => (double)(float)Math.Abs(Math.Sin(i + j)))],
    })];

    private static IDataView View => Ml.Data.LoadFromEnumerable(Rows);

    [Test]
    public void A_chain_scans_reconstructs_and_measures_and_a_zip_of_it_gives_the_same_bits()
    {
        var chain = Ml.L2O().SimulateScan(Geometry).Append(Ml.L2O().Trainers.CtReconstruction(new BackProjection { Geometry = Geometry })).Append(Ml.L2O().ImageQuality(Size));
        var model = chain.Fit(View);
        var expected = model.Transform(View);
        using var zip = new MemoryStream();
        Ml.Model.Save(model, View.Schema, zip);
        var loaded = new MLContext().Model.Load(new MemoryStream(zip.ToArray()), out _).Transform(View);
        foreach (var column in (string[])["Psnr", "Ssim"])
            Assert.That(loaded.GetColumn<double>(column), Is.EqualTo(expected.GetColumn<double>(column)).And.None.NaN);
        Assert.That(loaded.GetColumn<float[]>("Measurements"), Is.EqualTo(expected.GetColumn<float[]>("Measurements")));
        Assert.That(Ml.L2O().EvaluateImages(expected).RowPsnr, Is.EqualTo(expected.GetColumn<double>("Psnr")));
    }

    [Test]
    public void Columns_promised_are_columns_produced()
    {
        foreach (var estimator in (IEstimator<ITransformer>[])[Ml.L2O().SimulateScan(Geometry), Ml.L2O().ImageQuality(Size, "Image", "Wide", "Of")])
        {
            var promised = estimator.GetOutputSchema(Shapes.Of(View.Schema));
            var produced = Shapes.Of(estimator.Fit(View).GetOutputSchema(View.Schema));
            Assert.That(promised.Select(c => (c.Name, c.Kind, c.ItemType, c.IsKey)), Is.EqualTo(produced.Select(c => (c.Name, c.Kind, c.ItemType, c.IsKey))));
        }
    }

    [Test]
    public void Images_of_double_precision_are_scanned_as_those_of_single_precision()
    {
        float[][] Scans(string column) => [.. Ml.L2O().SimulateScan(Geometry, imageColumnName: column).Fit(View).Transform(View).GetColumn<float[]>("Measurements")];
        Assert.That(Scans("Wide"), Is.EqualTo(Scans("Image")));
    }

    [Test]
    public void Columns_that_are_missing_of_another_type_or_of_another_size_are_refused_before_and_at_fitting()
    {
        var shape = Shapes.Of(View.Schema);
        Assert.Multiple(() =>
        {
            foreach (var (column, reason) in (IEnumerable<(string, string)>)[("None", "no column 'None'"), ("Name", "'Name' must be a vector of numbers")])
            {
                Assert.That(() => Ml.L2O().SimulateScan(Geometry, imageColumnName: column).GetOutputSchema(shape), Throws.Exception.With.Message.Contains(reason));
                Assert.That(() => Ml.L2O().ImageQuality(Size, column).GetOutputSchema(shape), Throws.Exception.With.Message.Contains(reason));
            }

            Assert.That(() => Ml.L2O().SimulateScan(Geometry with { ImageSize = 9 }).Fit(View), Throws.InvalidOperationException.With.Message.Contains("a vector of 81 numbers"));
            Assert.That(() => Ml.L2O().ImageQuality(9, "Image").Fit(View), Throws.InvalidOperationException.With.Message.Contains("a vector of 81 numbers"));
            Assert.That(() => Ml.L2O().EvaluateImages(View, "Image", "None"), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("no column 'None'"));
            Assert.That(() => Ml.L2O().EvaluateImages(View, "Odd", "Odd"), Throws.InvalidOperationException.With.Message.Contains("'Odd' must be a square image").And.Message.Contains("12"));
        });
    }

    private sealed class Row
    {
        public string Name { get; set; } = "";

        [VectorType(Size * Size)]
        public float[] Image { get; set; } = [];

        [VectorType(Size * Size)]
        public double[] Wide { get; set; } = [];

        [VectorType(12)]
        public float[] Odd { get; set; } = new float[12];
    }
}
