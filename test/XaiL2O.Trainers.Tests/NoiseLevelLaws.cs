using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Scans with a noise level of their own, given or estimated: the data ball of every row has the size of its noise.</summary>
internal sealed class NoiseLevelLaws : TorchLaws
{
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 16, Angles = 8, Bins = 23 };
    private static readonly FixedPointOptions Tight = new() { MaxIterations = 6000, ResidualTolerance = 2e-5, FidelityTolerance = 2e-6, AndersonMemory = 5 };
    private static readonly ReconstructionOptions Small = new() { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 2, NoiseFloor = 0.1 };
    private static readonly double[] Levels = [0.015, 0.025, 0.04];

    private static Tensor LevelColumn => tensor(Levels, dtype: float32).unsqueeze(1);

    private static ReconstructionDefinition Implicit(NoiseSource noise, double radius, double? misfit = null) =>
        new ImplicitReconstruction { Geometry = Geometry, Model = Small with { Noise = noise, InitialRadius = radius, RadiusPerNoise = radius, Misfit = misfit } };

    private static ReconstructionDefinition TotalVariation(NoiseSource noise, double radius) =>
        new TotalVariationReconstruction { Geometry = Geometry, Model = new TotalVariationOptions { Noise = noise, Radius = radius, NoiseFloor = 0.1 } };

    private static readonly Case<Func<NoiseSource, double, ReconstructionDefinition>>[] Methods =
    [
        new("implicit", () => (noise, radius) => Implicit(noise, radius)),
        new("total variation", () => TotalVariation),
    ];

    /// <summary>Smooth blobs and a step, each row scanned with its level.</summary>
    private static Tensor Scans()
    {
        var coarse = Normal(2, Levels.Length, 1, 4, 4).sigmoid();
        var fine = nn.functional.interpolate(coarse, size: [16, 16], mode: InterpolationMode.Bilinear).reshape(Levels.Length, 256);
        var images = ((0.7 * fine) + (0.3 * fine.gt(0.55).to(float64))).to(float32);
        return cat([.. Levels.Select((level, row) => new ScanSimulator(RadonOperator.Shared(Geometry), level, row).Scan(images.slice(0, row, row + 1, 1)))], 0);
    }

    /// <summary>A body with discs in it, of sharp edges and without texture.</summary>
    private static Tensor Bodies(int rows, int size)
    {
        var random = new Random(1);
        var places = arange(size * size);
        return stack([.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, 12).Select(disc =>
        {
            var (x, y, r, height) = disc == 0 ? (0.5, 0.5, 0.42, 0.2) : (0.3 + (0.4 * random.NextDouble()), 0.3 + (0.4 * random.NextDouble()), 0.05 + (0.1 * random.NextDouble()), 0.1);
            return height * (((places % size).to(float32) - (x * size)).square() + ((places / size).floor() - (y * size)).square()).lt(r * r * size * size).to(float32);
        }).Aggregate((a, b) => a + b))]);
    }

    [TestCaseSource(nameof(Methods))]
    public void Every_row_has_the_solution_of_a_ball_of_its_own_size(Case<Func<NoiseSource, double, ReconstructionDefinition>> method)
    {
        const double δ = 1.2;
        var scans = Scans();
        var make = method.Make();
        using var model = make(NoiseSource.Column, δ).CreateModel();
        var inference = model.Infer(cat([scans, LevelColumn], 1), Tight);
        Assert.That(inference.Status, Has.All.EqualTo(SolveStatus.Converged));
        for (var row = 0; row < Levels.Length; row++)
        {
            using var alone = make(NoiseSource.Fixed, δ * Levels[row]).CreateModel();
            var expected = alone.Infer(scans.slice(0, row, row + 1, 1), Tight);
            Assert.That(inference.Inference[row], Is.EqualTo(expected.Inference[0]).Within(1e-3f), $"row {row}");
            Assert.That(inference.PropertyValues[1][row] * Levels[row], Is.EqualTo(expected.PropertyValues[1][0]).Within(0.1).Percent, "the certificate is relative to the row's noise");
            Assert.That(inference.PropertyValues[1][row], Is.LessThan(1.01 * δ));
        }
    }

    /// <summary>κ changes the step of the misfit and not the problem. The centre of rotation is off by two bins, so that no image lies in the ball.</summary>
    [Test]
    public void A_scan_that_no_image_explains_has_one_solution_in_a_soft_ball_whatever_the_preconditioner()
    {
        var A = RadonOperator.Shared(Geometry);
        var scans = Scans().view(-1, Geometry.Angles, Geometry.Bins).roll(2, 2).flatten(1);
        var fidelity = new FidelityTerm("Fidelity", A, 0.02, 0.1, null, null, 0.01);
        Tensor Image(double κ)
        {
            var box = new BoxTerm("Box", A.InputSize, 0, 1);
            var stacked = new StackedTerm(new L1Term("Sparsity", new IdentityOperator(A.InputSize)), new ScaledConstraint(box, 0.4));
            var splitting = new LinearizedAdmm(stacked, fidelity, null, StepSizes.FromNormBound(stacked.Operator, 5), GramPreconditioner.Shared(A, κ), box);
            return splitting.Inference(FixedPointSolver.Solve(splitting, scans, Tight with { ResidualTolerance = 2e-7 }).State, scans);
        }

        var (one, other) = (Image(10), Image(30));
        Assert.That(Gap(one, other), Is.LessThan(2e-3));
        Assert.That(Values(fidelity.PropertyValue(one, scans)), Has.All.GreaterThan(0.02));
    }

    [Test]
    public void An_estimated_level_is_the_same_as_a_given_one()
    {
        var scans = Scans();
        var (estimated, given) = (Implicit(NoiseSource.Estimated, 1.2), Implicit(NoiseSource.Column, 1.2));
        var data = estimated.Join([scans]);
        Assert.That(ToArray(data), Is.EqualTo(ToArray(given.Join([scans, NoiseEstimate.Of(scans, Geometry)]))));
        using var model = estimated.CreateModel();
        using var other = given.CreateModel();
        var options = new FixedPointOptions { MaxIterations = 50 };
        Assert.That(model.Infer(data, options).Inference, Is.EqualTo(other.Infer(data, options).Inference));
    }

    /// <summary>Edges count as texture, and weigh where the noise is small.</summary>
    [TestCase(0.005, 0.3)]
    [TestCase(0.015, 0.06)]
    [TestCase(0.03, 0.04)]
    [TestCase(0.06, 0.04)]
    public void The_estimate_has_little_bias_and_spread(double level, double bias)
    {
        var geometry = new ParallelBeamGeometry { ImageSize = 128, Angles = 30, Bins = 183 };
        var ratios = Values(NoiseEstimate.Of(new ScanSimulator(RadonOperator.Shared(geometry), level, 1).Scan(Bodies(12, geometry.ImageSize)), geometry) / level);
        var mean = ratios.Average();
        Assert.That(mean, Is.EqualTo(1).Within(bias));
        Assert.That(ratios.Select(r => Math.Abs(r - mean)).Max(), Is.LessThan(0.12));
    }

    [Test]
    public void The_estimate_has_no_unit_and_no_part_in_other_rows()
    {
        var scans = Scans();
        var all = Values(NoiseEstimate.Of(scans, Geometry));
        Assert.That(Values(NoiseEstimate.Of(1000 * scans, Geometry)), Is.EqualTo(all).Within(0.01).Percent);
        scans[0, 5] = float.NaN;
        scans[2] = zeros(Geometry.Beams);
        var odd = Values(NoiseEstimate.Of(scans, Geometry));
        Assert.That(odd[0], Is.NaN);
        Assert.That(odd[1], Is.EqualTo(all[1]).Within(0.01).Percent);
        Assert.That(odd[2], Is.EqualTo(NoiseEstimate.Smallest).Within(1).Percent, "an empty scan has no noise");
    }

    [Test]
    public void A_level_that_is_no_positive_number_is_not_solved()
    {
        using var model = Implicit(NoiseSource.Column, 1.2).CreateModel();
        var levels = LevelColumn;
        levels[1, 0] = 0;
        Assert.That(model.Infer(cat([Scans(), levels], 1), new FixedPointOptions { MaxIterations = 5 }).Status[1], Is.EqualTo(SolveStatus.InvalidData));
    }

    [Test]
    public void What_cannot_be_estimated_is_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => NoiseEstimate.Of(zeros(1, 24), new ParallelBeamGeometry { ImageSize = 4, Angles = 3, Bins = 8 }), Throws.ArgumentException.With.Message.Contains("9 neighbouring bins"));
        Assert.That(() => NoiseEstimate.Of(zeros(1, 24), Geometry), Throws.ArgumentException.With.Message.Contains("[1, 24]"));
        Assert.That(() => Implicit(NoiseSource.Estimated, 1).With(new ParallelBeamGeometry { ImageSize = 4, Angles = 3, Bins = 8 }).Validate(), Throws.ArgumentException.With.Message.Contains("bins"));
    });

    /// <summary>The step of a soft ball meets its condition, v − u = step·∇f(u), however strong the pull, with equal weights and with others.</summary>
    [Test]
    public void A_soft_ball_takes_exact_steps_however_strong_its_pull([Values] bool weighted)
    {
        using var A = new IdentityOperator(40);
        var (d, offsets) = (Normal(1, 30, 40), Normal(2, 30, 40));
        double? floor = weighted ? 0.1 : null;
        var soft = new FidelityTerm("Fidelity", A, 0.05, floor, null, null, 0.7);
        foreach (var size in new[] { 0.001, 0.06, 1, 30 })
        {
            foreach (var step in new[] { 1e-4, 0.1, 30, 1e3, 1e6 })
            {
                var v = d + (size * offsets);
                var u = soft.Proximal(v, step, d);
                using var grad = enable_grad();
                var at = u.detach().requires_grad_(true);
                ((IProximable)soft).Value(at, d)!.sum().backward();
                var missing = v - u - (step * at.grad!);
                Assert.That((missing.norm(1) / (v - d).norm(1)).max().ToDouble(), Is.LessThan(1e-6), $"{size}, {step}");
            }
        }
    }
}
