using TorchSharp;
using XaiL2O.Data;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Beams that measured nothing are found, and have no part in anything that is computed of a scan.</summary>
internal sealed class DeadBeamLaws : TorchLaws
{
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 16, Angles = 8, Bins = 23 };
    private static readonly ParallelBeamGeometry Large = new() { ImageSize = 128, Angles = 30, Bins = 183 };
    private static readonly FixedPointOptions Tight = new() { MaxIterations = 8000, ResidualTolerance = 1e-4, FidelityTolerance = 1e-6, AndersonMemory = 5 };

    private static readonly Case<Func<DeadBeamSource, ReconstructionDefinition>>[] Methods =
    [
        new("implicit", () => source => new ImplicitReconstruction { Geometry = Geometry, DeadBeams = source, Model = new ReconstructionOptions { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 1, NoiseFloor = 0.1, Noise = NoiseSource.Estimated, Misfit = 1e-3, Start = SolveStart.BackProjection } }),
        new("implicit, hard ball", () => source => new ImplicitReconstruction { Geometry = Geometry, DeadBeams = source, Model = new ReconstructionOptions { Channels = 3, TransformKernel = 3, Hidden = 4, Kernel = 3, Stages = 1 } }),
        new("total variation", () => source => new TotalVariationReconstruction { Geometry = Geometry, DeadBeams = source, Model = new TotalVariationOptions { NoiseFloor = 0.1, Radius = 0.03 } }),
        new("back-projection", () => source => new BackProjection { Geometry = Geometry, DeadBeams = source }),
        new("U-Net", () => source => new UNetReconstruction { Geometry = Geometry, DeadBeams = source, Channels = 2, Levels = 3 }),
        new("feasibility", () => source => new FeasibilityReconstruction { Geometry = Geometry, DeadBeams = source, Model = new FeasibilityOptions { Channels = 3, Kernel = 3 } }),
    ];

    /// <summary>What happens to scans, shape <c>[batch, angles, bins]</c>.</summary>
    private static readonly (string Name, Action<Tensor> Change)[] Losses =
    [
        ("a lost angle", s => s.select(1, 11).zero_()),
        ("two lost angles in a row", s => s.narrow(1, 20, 2).zero_()),
        ("three dead bins in the middle", s => s.narrow(2, 90, 3).zero_()),
        ("two dead bins near the rim of the body", s => s.narrow(2, 45, 2).zero_()),
        ("a bin that only has noise", s => s.select(2, 70).copy_(0.001 * Normal(4, s.shape[0], s.shape[1]))),
        ("a bin that shines", s => s.select(2, 100).fill_(4)),
        ("some bins at some angles", s => s.narrow(1, 5, 4).narrow(2, 80, 12).zero_()),
    ];

    /// <summary>A body with discs in it.</summary>
    private static Tensor Bodies(int rows, int size)
    {
        var random = new Random(3);
        var places = arange(size * size);
        return stack([.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, 10).Select(disc =>
        {
            var (x, y, r, height) = disc == 0 ? (0.5, 0.5, 0.4, 0.25) : (0.3 + (0.4 * random.NextDouble()), 0.3 + (0.4 * random.NextDouble()), 0.05 + (0.1 * random.NextDouble()), 0.08 * (random.NextDouble() - 0.3));
            return height * (((places % size).to(float32) - (x * size)).square() + ((places / size).floor() - (y * size)).square()).lt(r * r * size * size).to(float32);
        }).Aggregate((a, b) => a + b))]);
    }

    private static Tensor Scans(int rows, ParallelBeamGeometry geometry, double noise = 0.015) => new ScanSimulator(RadonOperator.Shared(geometry), noise, 1).Scan(Bodies(rows, geometry.ImageSize));

    /// <summary>An angle, a bin and a few more.</summary>
    private static Tensor SomeDead(int rows)
    {
        var dead = zeros(rows, Geometry.Angles, Geometry.Bins, dtype: float64);
        dead.select(1, 3).fill_(1);
        dead.select(2, 11).fill_(1);
        dead.narrow(1, 6, 1).narrow(2, 7, 3).fill_(1);
        return dead.flatten(1);
    }

    /// <summary>With another operator, other steps and another preconditioner.</summary>
    [Test]
    public void A_solve_with_dead_beams_is_that_without_their_rows_of_A([Values(null, 0.1)] double? floor, [Values(null, 0.3)] double? misfit)
    {
        var A = RadonOperator.Shared(Geometry);
        var (scans, dead) = (Scans(2, Geometry).to(float64), SomeDead(2));
        var kept = dead[0].lt(0.5).nonzero().squeeze(1);
        using var rest = new MatrixOperator(A.ToDense().to(float64).index_select(0, kept));
        var n = A.OutputSize;
        var data = cat([where(dead.gt(0), full_like(scans, 5), scans), dead], 1);
        RowInput Input(string name, int from) => new(new ModelColumn(name, n) { Lowest = -100, Highest = 100 }, from, 2 * n);
        var masked = new FidelityTerm("Fidelity", A, 0.03, floor, Input("Measurements", 0), null, misfit, Input("DeadBeams", n));
        var without = new FidelityTerm("Fidelity", rest, 0.03, floor, null, null, misfit);
        Tensor Image(FidelityTerm fidelity, Tensor d, double κ)
        {
            var box = new BoxTerm("Box", A.InputSize, 0, 1);
            var stacked = new StackedTerm(new L1Term("Objective", new DifferencesOperator(Geometry.ImageSize, 1 / Math.Sqrt(8))), new ScaledConstraint(box, 0.4));
            var splitting = new LinearizedAdmm(stacked, fidelity, null, StepSizes.FromNormBound(stacked.Operator, 5), GramPreconditioner.Shared(fidelity.Operator, κ, float64), box);
            var solve = FixedPointSolver.Solve(splitting, d, Tight);
            Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.Converged), $"{fidelity.Operator.OutputSize} beams, gap {solve.Residual.Max()}");
            return splitting.Inference(solve.State, d);
        }

        var keptScans = scans.index_select(1, kept);
        var (x, expected) = (Image(masked, data, 10), Image(without, keptScans, 20));
        Assert.That(Gap(x, expected), Is.LessThan(2e-3));
        Assert.That(Values(masked.PropertyValue(x, data)), Is.EqualTo(Values(without.PropertyValue(x, keptScans))).Within(1e-4).Percent);
        // Were they taken for measurements, they would decide.
        var blind = new FidelityTerm("Fidelity", A, 0.03, floor, Input("Measurements", 0), null, misfit);
        Assert.That(Values(blind.PropertyValue(x, data)), Has.All.GreaterThan(0.3));
    }

    /// <summary>What stands in dead beams changes nothing, neither images nor what is measured of them.</summary>
    [TestCaseSource(nameof(Methods))]
    public void Readings_of_dead_beams_have_no_part(Case<Func<DeadBeamSource, ReconstructionDefinition>> method)
    {
        var definition = method.Make()(DeadBeamSource.Column);
        using var model = definition.CreateModel();
        var (scans, dead) = (Scans(3, Geometry), SomeDead(3).to(float32));
        Tensor Data(float reading) => definition.Join([where(dead.gt(0), full_like(scans, reading), scans), dead]);
        var (one, other) = (model.Infer(Data(0), Tight with { MaxIterations = 60 }), model.Infer(Data(7), Tight with { MaxIterations = 60 }));
        Assert.That(other.Inference, Is.EqualTo(one.Inference));
        Assert.That(other.PropertyValues, Is.EqualTo(one.PropertyValues));
        Assert.That(one.PropertyValues[model.Properties.ToList().FindIndex(p => p.Name == "DeadBeams")], Has.All.EqualTo(dead[0].mean().ToDouble()).Within(1e-6));
        // Without interpolation the terms leave them out by themselves; the start and methods without terms need it.
        var raw = Data(0).clone();
        raw.narrow(1, 0, Geometry.Beams).add_(3 * dead);
        Assert.That(model.Evaluate(Bodies(3, Geometry.ImageSize), raw).Select(v => v[1]), Is.EqualTo(model.Evaluate(Bodies(3, Geometry.ImageSize), Data(0)).Select(v => v[1])).Within(1e-3).Percent);
    }

    [TestCaseSource(nameof(Methods))]
    public void With_no_dead_beam_everything_is_as_without_the_option(Case<Func<DeadBeamSource, ReconstructionDefinition>> method)
    {
        var scans = Scans(3, Geometry);
        ModelInference Inference(DeadBeamSource source)
        {
            var definition = method.Make()(source);
            using var model = definition.CreateModel();
            return model.Infer(definition.Join(source == DeadBeamSource.Column ? [scans, zeros_like(scans)] : [scans]), Tight with { MaxIterations = 60 });
        }

        var (plain, masked) = (Inference(DeadBeamSource.None), Inference(DeadBeamSource.Column));
        Assert.That(masked.Inference.SelectMany(x => x), Is.EqualTo(plain.Inference.SelectMany(x => x)).Within(1e-4f));
        Assert.That(masked.PropertyValues, Has.Length.EqualTo(plain.PropertyValues.Length + 1));
        foreach (var (expected, actual) in plain.PropertyValues.Zip(masked.PropertyValues))
            Assert.That(actual, Is.EqualTo(expected).Within(0.1).Percent.Or.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Dead_beams_are_found([Range(0, 6)] int loss, [Values(0.005, 0.03)] double noise)
    {
        var scans = Scans(20, Large, noise);
        var damaged = scans.clone();
        Losses[loss].Change(damaged.view(-1, Large.Angles, Large.Bins));
        var dead = DeadBeamDetection.Of(damaged, Large).gt(0);
        var changed = (damaged - scans).abs().gt(0.02 * scans.max());
        Assert.That(changed.any(1).all().ToBoolean());
        Assert.That(dead.logical_and(changed).sum().ToDouble() / changed.sum().ToDouble(), Is.GreaterThan(0.99), Losses[loss].Name);
        // Beams beside the body that read 0 before and after may be dead too.
        Assert.That(dead.logical_and(damaged.eq(scans)).logical_and(scans.gt(0.02 * scans.max())).sum().ToDouble(), Is.LessThan(20), Losses[loss].Name);
    }

    [Test]
    public void Undisturbed_scans_have_none([Values(0.0, 0.005, 0.015, 0.03)] double noise) =>
        Assert.That(DeadBeamDetection.Of(Scans(200, Large, noise), Large).any(1).sum().ToDouble(), Is.LessThanOrEqualTo(2));

    /// <summary>Without the option a truth with dead beams is far outside.</summary>
    [Test]
    public void The_truth_of_a_scan_with_dead_beams_is_inside_the_ball([Range(0, 6)] int loss)
    {
        var truths = Bodies(10, Large.ImageSize);
        var scans = Scans(10, Large);
        Losses[loss].Change(scans.view(-1, Large.Angles, Large.Bins));
        double[] Fidelity(DeadBeamSource source)
        {
            var definition = new TotalVariationReconstruction { Geometry = Large, DeadBeams = source, Model = new TotalVariationOptions { Noise = NoiseSource.Estimated, NoiseFloor = 0.1, Radius = 1.3 } };
            using var model = definition.CreateModel();
            return model.Evaluate(truths, definition.Join([scans]))[1];
        }

        Assert.That(Fidelity(DeadBeamSource.Detected), Has.All.InRange(0.7, 1.3), Losses[loss].Name);
        Assert.That(Fidelity(DeadBeamSource.None), Has.All.GreaterThan(1.3), Losses[loss].Name);
    }

    [Test]
    public void Beams_that_are_found_are_treated_as_given_ones()
    {
        var scans = Scans(4, Large);
        foreach (var (_, change) in Losses)
            change(scans.view(-1, Large.Angles, Large.Bins).narrow(0, 1, 1));
        ImplicitReconstruction Definition(DeadBeamSource source) => new() { Geometry = Large, DeadBeams = source, Model = new ReconstructionOptions { Noise = NoiseSource.Estimated } };
        var found = Definition(DeadBeamSource.Detected).Join([scans]);
        var given = Definition(DeadBeamSource.Column).Join([scans, DeadBeamDetection.Of(scans, Large)]);
        // The column stands before what is estimated.
        Assert.That(Values(found.narrow(1, 0, Large.Beams)), Is.EqualTo(Values(given.narrow(1, 0, Large.Beams))));
        Assert.That(Values(found.select(1, Large.Beams)), Is.EqualTo(Values(given.select(1, 2 * Large.Beams))));
        Assert.That(Values(found.narrow(1, Large.Beams + 1, Large.Beams)), Is.EqualTo(Values(given.narrow(1, Large.Beams, Large.Beams))));
        Assert.That(Values(found[2].narrow(0, 0, Large.Beams)), Is.EqualTo(Values(scans[2])), "rows without dead beams stay as they are");
    }

    /// <summary>Interpolated readings are near those that were lost, and NaN stays in its row.</summary>
    [Test]
    public void Gaps_are_filled_with_what_stands_around_them()
    {
        var scans = Scans(4, Large, 0);
        var damaged = scans.clone();
        damaged.view(-1, Large.Angles, Large.Bins).narrow(2, 90, 3).zero_();
        damaged[3, 7] = float.NaN;
        var definition = new BackProjection { Geometry = Large, DeadBeams = DeadBeamSource.Detected };
        var filled = definition.Join([damaged]).narrow(1, 0, Large.Beams);
        Assert.That((filled - scans).narrow(0, 0, 3).abs().max().ToDouble(), Is.LessThan(0.1 * scans.max().ToDouble()));
        Assert.That(filled[3, 7].ToSingle(), Is.NaN);
    }

    [Test]
    public void Wrong_shapes_and_options_are_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => DeadBeamDetection.Of(zeros(1, 24), Geometry), Throws.ArgumentException.With.Message.Contains("[1, 24]"));
        Assert.That(() => NoiseEstimate.Of(zeros(2, Geometry.Beams), Geometry, zeros(1, Geometry.Beams)), Throws.ArgumentException.With.Message.Contains($"[1, {Geometry.Beams}]"));
        Assert.That(() => new BackProjection { Geometry = Geometry, DeadBeams = (DeadBeamSource)9 }.Validate(), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("DeadBeams = "));
        Assert.That(Values(DeadBeamDetection.Of(zeros(2, Geometry.Beams), Geometry)), Has.All.Zero, "a blank scan has nothing to compare with");
        Assert.That(DeadBeamDetection.Of(zeros(0, Geometry.Beams), Geometry).shape, Is.EqualTo(new long[] { 0, Geometry.Beams }));
    });
}
