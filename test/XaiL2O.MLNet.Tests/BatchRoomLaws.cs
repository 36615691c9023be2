using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Memory follows the rows that come, not those that a batch may hold.</summary>
internal sealed class BatchRoomLaws
{
    private static readonly MLContext Ml = new(1);

    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 8, Angles = 10, Bins = 11 };

    private sealed class Scan
    {
        [VectorType(110)]
        public float[] Measurements { get; set; } = new float[110];
    }

    [Test]
    public void One_row_of_a_large_batch_takes_room_for_one()
    {
        var rows = Ml.Data.LoadFromEnumerable([new Scan()]);
        var model = Ml.L2O().Train(new BackProjection { Geometry = Geometry }, new ImplicitModelTrainer.Options { BatchSize = 1 << 20 }).Fit(rows);
        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.That(model.Transform(rows).GetColumn<float[]>("Reconstruction").Count(), Is.EqualTo(1));
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        _ = Allocated(); // The matrix of the scan is made once.
        Assert.That(Allocated(), Is.LessThan(10_000_000));
    }

    [Test]
    public void A_batch_has_as_many_rows_as_an_array_holds() => Assert.That(
        Ml.L2O().Train(new BackProjection { Geometry = Geometry with { ImageSize = 64 } }, new ImplicitModelTrainer.Options { BatchSize = 1 << 20 }).Fit(Ml.Data.LoadFromEnumerable([new Scan()])).BatchSize,
        Is.EqualTo(Array.MaxLength / (64 * 64)));
}
