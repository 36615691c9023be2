using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The scan, its adjoint, back-projection and noise.</summary>
internal sealed class TomographyLaws : TorchLaws
{
    private static readonly ParallelBeamGeometry[] Geometries =
    [
        new(),
        new() { ImageSize = 32, Angles = 12, Bins = 47 },
        new() { ImageSize = 21, Angles = 7, Bins = 10 },
    ];

    private static readonly BackProjectionFilter[] Filters = Enum.GetValues<BackProjectionFilter>();

    /// <summary>A disk of value 1, each pixel the share of 16×16 points inside.</summary>
    private static Tensor Disk(int size, double radius, double x0 = 0, double y0 = 0)
    {
        var values = new float[size * size];
        for (var i = 0; i < values.Length; i++)
        {
            var inside = 0;
            for (var k = 0; k < 256; k++)
            {
                var x = (i % size) + (((k % 16) + 0.5) / 16) - (size / 2.0) - x0;
                var y = (size / 2.0) - (i / size) - (((k / 16) + 0.5) / 16) - y0;
                inside += (x * x) + (y * y) <= radius * radius ? 1 : 0;
            }

            values[i] = inside / 256f;
        }

        return tensor(values).reshape(1, -1);
    }

    [Test]
    public void Adjoint_matches_in_single_precision([ValueSource(nameof(Geometries))] ParallelBeamGeometry geometry, [Values(1, 3, 8, 21)] int batch)
    {
        using var A = new RadonOperator(geometry);
        var (x, y) = (Normal(1, batch, A.InputSize).abs().to(float32), Normal(2, batch, A.OutputSize).abs().to(float32));
        var (left, right) = ((A.Apply(x).to(float64) * y).sum().ToDouble(), (x.to(float64) * A.ApplyAdjoint(y)).sum().ToDouble());
        Assert.That(Math.Abs(left - right) / Math.Abs(left), Is.LessThan(1e-5));
    }

    [Test]
    public void Products_agree_with_the_dense_matrix_and_with_sparse_tensors([Values(1, 5, 16)] int batch)
    {
        using var A = new RadonOperator(Geometries[1]);
        var dense = A.ToDense().to(float64);
        var (x, y) = (Normal(1, batch, A.InputSize), Normal(2, batch, A.OutputSize));
        Assert.That(Gap(A.Apply(x), mm(x, dense.t())), Is.LessThan(1e-12));
        Assert.That(Gap(A.ApplyAdjoint(y), mm(y, dense)), Is.LessThan(1e-12));
        using var copies = A.Copies();
        Assert.That(Gap(copies.Multiply(x, adjoint: false), mm(x, dense.t())), Is.LessThan(1e-12));
        Assert.That(Gap(copies.Multiply(y, adjoint: true), mm(y, dense)), Is.LessThan(1e-12));
    }

    [Test]
    public void Gradients_go_through_the_adjoint()
    {
        using var A = new RadonOperator(Geometries[2]);
        var (x, y) = (Normal(1, 3, A.InputSize).requires_grad_(), Normal(2, 3, A.OutputSize));
        (A.Apply(x) * y).sum().backward();
        Assert.That(Gap(x.grad!, A.ApplyAdjoint(y)), Is.LessThan(1e-12));
        var z = Normal(2, 3, A.OutputSize).requires_grad_();
        A.ApplyAdjoint(z).square().sum().backward();
        Assert.That(Gap(z.grad!, 2 * A.Apply(A.ApplyAdjoint(z.detach()))), Is.LessThan(1e-11));
    }

    [Test]
    public void A_sample_does_not_depend_on_its_batch([Values(2, 7, 8, 19)] int batch)
    {
        using var A = new RadonOperator(Geometries[1]);
        var x = Normal(1, batch, A.InputSize).to(float32);
        var alone = A.Apply(x.slice(0, batch - 1, batch, 1));
        Assert.That(Gap(A.Apply(x).slice(0, batch - 1, batch, 1), alone), Is.Zero);
    }

    [Test]
    public void Beams_measure_chords()
    {
        // The row sum of a beam is its length inside the square, and a disk's projection is twice the root of r² − t².
        var geometry = new ParallelBeamGeometry { ImageSize = 64, Angles = 9, Bins = 91 };
        using var A = new RadonOperator(geometry);
        var (full, disk) = (Values(A.Apply(ones(1, A.InputSize, dtype: float64)) / A.LengthUnit), Values(A.Apply(Disk(64, 20, 5, -7).to(float64)) / A.LengthUnit));
        for (var angle = 0; angle < geometry.Angles; angle++)
        {
            var (c, s) = (Math.Cos(geometry.Angle(angle)), Math.Sin(geometry.Angle(angle)));
            for (var bin = 0; bin < geometry.Bins; bin++)
            {
                var t = geometry.Offset(bin);
                var (corner, top) = (32 * (Math.Abs(c) + Math.Abs(s)), 64 / Math.Max(Math.Abs(c), Math.Abs(s)));
                var chord = Math.Clamp((corner - Math.Abs(t)) / Math.Abs(c * s), 0, top);
                Assert.That(full[(angle * geometry.Bins) + bin], Is.EqualTo(chord).Within(1e-4));
                var distance = t - ((5 * c) + (-7 * s));
                var expected = 2 * Math.Sqrt(Math.Max(0, 400 - (distance * distance)));
                Assert.That(disk[(angle * geometry.Bins) + bin], Is.EqualTo(expected).Within(Math.Abs(distance) < 16 ? 2 : 8));
            }
        }
    }

    [Test]
    public void Back_projection_restores_a_smooth_image_from_many_angles([ValueSource(nameof(Filters))] BackProjectionFilter filter)
    {
        var geometry = new ParallelBeamGeometry { ImageSize = 64, Angles = 120, Bins = 181 };
        using var A = new RadonOperator(geometry);
        var grid = arange(64, dtype: float64) - 31.5;
        var bump = (-(grid.view(-1, 1).square() + (grid.view(1, -1) - 6).square()) / 100).exp().reshape(1, -1).to(float32);
        var image = new FilteredBackProjection(A, filter).Apply(A.Apply(bump));
        Assert.That((image - bump).norm().ToDouble() / bump.norm().ToDouble(), Is.LessThan(0.03));
    }

    [Test]
    public void Noise_has_the_asked_size_repeats_and_ignores_the_batch()
    {
        using var A = new RadonOperator(Geometries[1]);
        var images = Normal(1, 6, A.InputSize).abs().to(float32);
        var clean = A.Apply(images);
        var noisy = new ScanSimulator(A, 0.015, 3).Scan(images);
        var relative = (noisy - clean).norm(1) / clean.norm(1);
        Assert.Multiple(() =>
        {
            Assert.That(Values(relative), Has.All.EqualTo(0.015).Within(0.002));
            Assert.That(Gap(new ScanSimulator(A, 0, 3).Scan(images), clean), Is.Zero);
            Assert.That(Gap(new ScanSimulator(A, 0.015, 3).Scan(images.flip(0)).flip(0), noisy), Is.Zero);
            Assert.That(Gap(new ScanSimulator(A, 0.015, 4).Scan(images), noisy), Is.GreaterThan(0));
            Assert.That(() => new ScanSimulator(A, -1, 3), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("noise = -1"));
        });
    }

    [Test]
    public void Other_widths_are_refused()
    {
        using var A = new RadonOperator(Geometries[2]);
        Assert.That(() => A.Apply(zeros(1, 3)), Throws.ArgumentException.With.Message.Contains($"[batch, {A.InputSize}]"));
        Assert.That(() => A.ApplyAdjoint(zeros(1, 3)), Throws.ArgumentException.With.Message.Contains($"[batch, {A.OutputSize}]"));
        Assert.That(() => new FilteredBackProjection(A, (BackProjectionFilter)9), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("9"));
    }
}
