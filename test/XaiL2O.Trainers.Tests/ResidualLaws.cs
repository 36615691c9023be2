using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>The measures of what an image leaves of its scan, <see cref="WhitenessTerm"/> and <see cref="LocalMisfitTerm"/>.</summary>
internal sealed class ResidualLaws : TorchLaws
{
    private const int Size = 32;
    private const int Rows = 40;
    private const double Noise = 0.015;

    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = Size, Angles = 16, Bins = 46 };

    private static readonly Case<Term>[] Measures =
    [
        new("whiteness", () => new WhitenessTerm("Whiteness", Radon)),
        new("local misfit", () => new LocalMisfitTerm("LocalMisfit", Radon, Noise)),
        new("local misfit of a pixel", () => new LocalMisfitTerm("LocalMisfit", Radon, Noise, radius: 0)),
    ];

    private static RadonOperator Radon => RadonOperator.Shared(Geometry);

    /// <summary>Smooth bodies with an edge, in [0, 1].</summary>
    private static Tensor Images(int seed, int rows)
    {
        var coarse = Normal(seed, rows, 1, 6, 6).sigmoid();
        var fine = nn.functional.interpolate(coarse, size: [Size, Size], mode: InterpolationMode.Bilinear).reshape(rows, -1);
        return ((0.7 * fine) + (0.3 * fine.gt(0.55).to(float64))).to(float32);
    }

    private static Tensor Scan(Tensor images, double noise = Noise) => new ScanSimulator(Radon, noise, 1).Scan(images);

    /// <summary>The image of a disc of ones around a pixel.</summary>
    private static Tensor Disc(int row, int column, double radius)
    {
        var disc = zeros(Size, Size);
        for (var r = 0; r < Size; r++)
            for (var c = 0; c < Size; c++)
                if (((r - row) * (r - row)) + ((c - column) * (c - column)) <= radius * radius)
                    disc[r, c] = 1;
        return disc.view(1, -1);
    }

    private static double StandardError => 1 / Math.Sqrt(Geometry.Beams);

    [TestCaseSource(nameof(Measures))]
    public void Rows_do_not_influence_each_other_and_odd_rows_stay_odd(Case<Term> measures)
    {
        var term = measures.Make();
        var x = Images(1, 4);
        var d = Scan(x);
        (x, d) = (0.98f * x, d.clone());
        var alone = Values(term.PropertyValue(x[1].unsqueeze(0), d[1].unsqueeze(0)))[0];
        d[2, 5] = float.NaN;
        x[3, 7] = float.NaN;
        var values = Values(term.PropertyValue(x, d));
        Assert.Multiple(() =>
        {
            Assert.That(values[1], Is.EqualTo(alone).Within(1e-3).Percent.And.GreaterThan(0));
            Assert.That(values[2..], Has.All.NaN);
        });
    }

    [TestCaseSource(nameof(Measures))]
    public void An_image_that_explains_its_scan_exactly_has_the_value_0(Case<Term> measures)
    {
        var term = measures.Make();
        var x = cat([Images(2, 2), zeros(1, Radon.InputSize)]);
        Assert.That(Values(term.PropertyValue(x, Radon.Apply(x))), Has.All.Zero);
        // A scan of nothing is explained by nothing else, and the value is still a number.
        Assert.That(Values(term.PropertyValue(Images(2, 1), zeros(1, Radon.OutputSize)))[0], Is.GreaterThan(0.5).And.LessThan(double.PositiveInfinity));
    }

    [Test]
    public void Whiteness_is_the_autocorrelation_of_neighbouring_bins()
    {
        var (x, truth) = (Images(3, 3), Images(4, 3));
        var d = Scan(truth);
        var (residual, data) = (Values(Radon.Apply(x) - d), Values(d));
        var values = Values(new WhitenessTerm("Whiteness", Radon, 0.2).PropertyValue(x, d));
        for (var row = 0; row < 3; row++)
        {
            var mean = Enumerable.Range(0, Geometry.Beams).Average(i => Math.Pow(data[(row * Geometry.Beams) + i], 2));
            double Z(int angle, int bin) => (row * Geometry.Beams) + (angle * Geometry.Bins) + bin is var i ? residual[i] / Math.Sqrt((data[i] * data[i]) + (0.04 * mean)) : 0;
            var (pairs, all) = (0.0, 0.0);
            for (var angle = 0; angle < Geometry.Angles; angle++)
            {
                for (var bin = 0; bin < Geometry.Bins; bin++)
                {
                    all += Math.Pow(Z(angle, bin), 2);
                    pairs += bin == 0 ? 0 : Z(angle, bin) * Z(angle, bin - 1);
                }
            }

            Assert.That(values[row], Is.EqualTo(pairs / all).Within(1e-4));
        }
    }

    [Test]
    public void Truths_leave_white_noise_of_any_strength_and_wrong_images_do_not([Values(0.003, 0.015, 0.06)] double noise)
    {
        var truths = Images(5, Rows);
        var term = new WhitenessTerm("Whiteness", Radon);
        var d = Scan(truths, noise);
        var values = Values(term.PropertyValue(truths, d));
        Assert.That(values.Max(), Is.LessThan(4.5 * StandardError));
        Assert.That(values.Count(v => v == 0), Is.InRange(Rows / 4, Rows * 3 / 4), "half of the correlations are negative, and those do not count");
        var smooth = nn.functional.avg_pool2d(truths.view(-1, 1, Size, Size), 3, 1, 1).reshape(Rows, -1);
        Assert.That(Values(term.PropertyValue(smooth, d)).Min(), Is.GreaterThan(4.5 * StandardError));
    }

    [Test]
    public void Local_misfit_is_the_largest_score_of_a_disc([Values(0, 1.5, 2)] double radius)
    {
        var x = Images(6, 2);
        // Where beams differ little in their noise, scores are exact up to the share of the disc in each beam.
        var d = Radon.Apply(x) + (0.02 * Normal(7, 2, Radon.OutputSize).to(float32));
        const double floor = 3;
        var (residual, data) = (d - Radon.Apply(x), d);
        var variance = Noise * Noise * (data.square() + (floor * floor * data.square().mean([1], true)));
        var exact = zeros(2);
        for (var row = 3; row < Size - 3; row++)
        {
            for (var column = 3; column < Size - 3; column++)
            {
                var b = Radon.Apply(Disc(row, column, radius));
                exact = exact.maximum(((b * residual / variance).sum(1) / (b.square() / variance).sum(1).sqrt()).abs());
            }
        }

        var values = Values(new LocalMisfitTerm("LocalMisfit", Radon, Noise, floor, radius).PropertyValue(x, d));
        Assert.That(values, Is.EqualTo(Values(exact)).Within(25).Percent);
    }

    [Test]
    public void Truths_have_scores_of_noise_and_a_changed_place_stands_out()
    {
        var truths = Images(8, Rows);
        var term = new LocalMisfitTerm("LocalMisfit", Radon, Noise);
        var d = Scan(truths);
        var values = Values(term.PropertyValue(truths, d));
        Assert.That(values, Has.All.InRange(1.5, 5.5));
        var disc = Disc(14, 18, 2);
        var sensitivity = Values((Radon.Apply(disc) / (Noise * d)).square().clamp_max(1e6).sum(1).sqrt());
        foreach (var sign in (int[])[1, -1])
        {
            var changed = Values(term.PropertyValue(truths + (sign * 0.3f * disc), d));
            for (var row = 0; row < Rows; row++)
                Assert.That(changed[row], Is.GreaterThan(0.5 * 0.3 * sensitivity[row] - 5.5).And.GreaterThan(values.Max()), $"row {row}");
        }
    }

    [Test]
    public void Local_misfit_counts_in_standard_deviations_of_the_noise()
    {
        var x = Images(9, 3);
        var d = Scan(0.9f * x);
        Tensor Value(double noise) => new LocalMisfitTerm("LocalMisfit", Radon, noise).PropertyValue(x, d);
        Assert.That(Values(Value(0.03) / Value(0.015)), Is.All.EqualTo(0.5).Within(1e-3));
    }

    [Test]
    public void The_implicit_model_reports_them_beside_its_terms()
    {
        using var model = new ImplicitReconstruction { Geometry = Radon.Geometry, Model = new() { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, NoiseLevel = 0.03 } }.CreateModel();
        var x = Images(10, 2);
        var d = Scan(0.9f * x);
        Assert.That(model.Properties.Select(p => p.Name), Is.EqualTo((string[])["Box", "Fidelity", "Regularizer", "TotalVariation", "Whiteness", "LocalMisfit"]));
        Assert.That(model.Evaluate(x, d)[5], Is.EqualTo(Values(new LocalMisfitTerm("LocalMisfit", Radon, 0.03).PropertyValue(x, d))).Within(1e-3).Percent);
        Assert.That(() => new ReconstructionOptions { NoiseLevel = 0 }.Validate(), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("NoiseLevel"));
        Assert.That(() => new LocalMisfitTerm("LocalMisfit", Radon, 0.015, radius: -1), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("radius"));
        Assert.That(() => new WhitenessTerm("Whiteness", Radon, 0), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("noiseFloor"));
    }
}
