using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What every learned regulariser owes the iteration. A new one is one more line in <see cref="Regularizers"/>.</summary>
internal sealed class RegularizerLaws : TorchLaws
{
    private static readonly Case<Regularizer>[] Regularizers =
    [
        new("convex, one step", () => new PotentialRegularizer(3, 5, 3, 1, 0, 1, float64)),
        new("convex, two steps", () => new PotentialRegularizer(2, 6, 5, 2, 0, 2, float64)),
        new("concave, one step", () => new PotentialRegularizer(2, 6, 3, 1, 0.4, 3, float64)),
        new("adaptive", () => new AdaptiveRegularizer(3, 5, 4, 3, 2, 0.4, 5, float64)),
        new("adaptive, no concavity", () => new AdaptiveRegularizer(4, 3, 2, 5, 1, 0, 6, float64)),
        new("residual network", () => new ResidualRegularizer(3, 5, 3, 0.3, 4, float64)),
    ];

    private static readonly Case<Regularizer>[] Convex = [.. Regularizers.Where(r => r.Name.StartsWith("convex", StringComparison.Ordinal))];

    private static readonly Case<Regularizer>[] Bounded = [.. Regularizers.Where(r => !r.Name.StartsWith("adaptive", StringComparison.Ordinal))];

    /// <summary>As training leaves them: weights pushed far out, then projected.</summary>
    private static Regularizer Trained(Case<Regularizer> regularizers)
    {
        var R = regularizers.Make();
        using (no_grad())
        {
            foreach (var (name, weight) in R.Weights)
                weight.add_((name.StartsWith("Threshold", StringComparison.Ordinal) ? 0.3 : 2) * Normal(9, weight.shape));
        }

        R.ProjectWeights();
        return R;
    }

    private static Tensor Images(int seed, Regularizer R) => 0.3 * Normal(seed, 20, R.Channels, 9, 9);

    [TestCaseSource(nameof(Bounded))]
    public void Lipschitz_bound_holds(Case<Regularizer> regularizers)
    {
        using var R = Trained(regularizers);
        foreach (var scale in (double[])[1e-4, 0.1, 3])
        {
            var p = Images(1, R);
            var q = p + (scale * Images(2, R));
            var ratio = (R.Apply(p) - R.Apply(q)).flatten(1).norm(1) / (p - q).flatten(1).norm(1);
            AssertNoneAbove(ratio, R.LipschitzBound * (1 + 1e-9), "‖Rp − Rq‖/‖p − q‖");
        }
    }

    [TestCaseSource(nameof(Convex))]
    public void Convex_potentials_are_firmly_nonexpansive_step_by_step(Case<Regularizer> regularizers)
    {
        using var R = Trained(regularizers);
        Assert.That(R.LipschitzBound, Is.EqualTo(1));
        var (p, q) = (Images(1, R), Images(2, R));
        var moved = (R.Apply(p) - R.Apply(q)).flatten(1);
        var steps = R.Weights.Count / 2;
        // s firmly non-expansive maps in a row are s/(s + 1)-averaged.
        var θ = steps / (steps + 1.0);
        var left = ((1 - θ) / θ * (p - q - (R.Apply(p) - R.Apply(q))).flatten(1).square().sum(1)) + moved.square().sum(1);
        AssertNoneAbove(left - (p - q).flatten(1).square().sum(1), 1e-12, "not averaged");
    }

    [TestCaseSource(nameof(Regularizers))]
    public void All_weights_receive_gradients_and_rows_do_not_mix(Case<Regularizer> regularizers)
    {
        using var R = regularizers.Make();
        // Behind a last layer of zeros nothing has a gradient yet.
        using (no_grad())
        {
            foreach (var (_, weight) in R.Weights.Where(w => w.Weight is { ndim: > 1 } && !w.Weight.any().ToBoolean()))
                weight.add_(Normal(9, weight.shape));
        }

        var p = Images(1, R);
        var output = R.Apply(p);
        output.square().sum().backward();
        Assert.Multiple(() =>
        {
            foreach (var (name, weight) in R.Weights)
                Assert.That(weight.grad is { } grad && grad.abs().max().ToDouble() > 0, name);
            Assert.That(Gap(R.Apply(p.slice(0, 3, 4, 1)), output.slice(0, 3, 4, 1)), Is.LessThan(1e-12));
            Assert.That(output.shape, Is.EqualTo(p.shape));
        });
    }

    [Test]
    public void Adaptive_thresholds_are_the_same_everywhere_before_training_and_follow_the_surroundings_after([Values(8, 9)] int size)
    {
        using var R = new AdaptiveRegularizer(2, 2, 3, 3, 2, 0.5, 1, float64);
        var p = 0.02 * Normal(1, 4, 2, size, size);
        // W = I, θ = 0.004, μ = 0.25.
        var expected = p - p.clamp(-4e-3, 4e-3) + (0.25 * p.clamp(-1.6e-2, 1.6e-2));
        Assert.That(Gap(R.Apply(p), expected), Is.LessThan(1e-8), "weights begin in single precision");

        using (no_grad())
            R.Weights.First(w => w.Name == "Context4").Weight.add_(Normal(2, 2, 3, 3, 3));
        var corner = zeros_like(p);
        corner[TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Slice(0, 2), TensorIndex.Slice(0, 2)] = 0.1;
        var difference = (R.Apply(p + corner) - R.Apply(p)).abs().amax([0, 1]);
        Assert.That(difference[3, 3].ToDouble(), Is.GreaterThan(1e-6), "a pixel beside the corner");
    }

    [Test]
    public void Adaptive_strength_stays_through_training_and_thresholds_differ()
    {
        using var R = Trained(Regularizers.First(r => r.Name == "adaptive"));
        Tensor Weight(string name) => R.Weights.First(w => w.Name == name).Weight;
        var logThreshold = FirmShrinkage.LogThreshold(Weight("Threshold")).detach();
        var before = R.Weights.Select(w => w.Weight.clone()).ToArray();
        R.ProjectWeights();
        Assert.Multiple(() =>
        {
            Assert.That(logThreshold.mean().exp().ToDouble(), Is.EqualTo(4e-3).Within(1e-8));
            Assert.That(logThreshold.std().ToDouble(), Is.GreaterThan(0.1));
            Assert.That(Weight("Context4Bias").mean().ToDouble(), Is.Zero.Within(1e-12));
            Assert.That(Weight("Context4Bias").abs().max().ToDouble(), Is.GreaterThan(0.1));
            foreach (var ((name, weight), old) in R.Weights.Zip(before))
                Assert.That(Gap(weight, old), Is.LessThan(1e-9), $"{name}: a projection twice is one");
        });
    }

    [Test]
    public void Adaptive_is_the_same_map_without_gradients([Values(8, 9)] int size, [Values(3, 8, 19)] int hidden, [Values(0, 0.5)] double concavity)
    {
        using var R = new AdaptiveRegularizer(4, hidden, 5, 3, 1, concavity, 1);
        var p = Normal(1, 3, 4, size, size + 1).to(float32);
        p[0, 0, 0, 0] = 1e12f;
        p[0, 1, 3, 3] = float.NaN;
        using (no_grad())
        {
            foreach (var (name, weight) in R.Weights)
                weight.add_((name.StartsWith("Threshold", StringComparison.Ordinal) ? 0.1 : 0.5) * Normal(2, weight.shape).to(float32));
        }

        Tensor without;
        using (no_grad())
            without = R.Apply(p);
        var with = R.Apply(p);
        Assert.Multiple(() =>
        {
            Assert.That(without.shape, Is.EqualTo(with.shape));
            Assert.That(with.requires_grad && !without.requires_grad);
            Assert.That(without[0, 1, 3, 3].isnan().ToBoolean());
            Assert.That(Gap(without.slice(0, 1, 3, 1), with.slice(0, 1, 3, 1)), Is.LessThan(2e-5));
            Assert.That(Gap(without.slice(0, 1, 3, 1), p.slice(0, 1, 3, 1)), Is.GreaterThan(1e-3), "it shrinks");
        });
    }

    [Test]
    public void Convolution_bound_is_above_the_norm_and_close([Values(1, 3, 5, 7)] int kernel, [Values(1, 3)] int inputs)
    {
        using var bound = new ConvolutionBound(kernel, CPU);
        var weight = Normal(kernel, 4, inputs, kernel, kernel);
        var x = Normal(5, 1, inputs, 40, 40);
        for (var i = 0; i < 200; i++)
        {
            x = nn.functional.conv_transpose2d(nn.functional.conv2d(x, weight, null, padding: [kernel / 2, kernel / 2]), weight, null, padding: [kernel / 2, kernel / 2]);
            x = x / x.norm();
        }

        var norm = nn.functional.conv2d(x, weight, null, padding: [kernel / 2, kernel / 2]).norm().ToDouble();
        Assert.That(bound.Of(weight), Is.GreaterThanOrEqualTo(norm).And.LessThan(1.12 * norm));
    }
}
