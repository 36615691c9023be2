using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What the solver owes every sample, whatever the splitting. A new splitting is one more line in <see cref="Splittings"/>.</summary>
internal sealed class SolverLaws : TorchLaws
{
    private const int Rows = 12;
    private const int DataSize = 4;

    private static readonly Case<(Splitting Splitting, Term Fidelity)>[] Splittings =
    [
        new("linearised ADMM", () => Problem(0, null) is var p ? (p, p.Fidelity) : default),
        new("linearised ADMM with a ball", () => Problem(0.05, null) is var p ? (p, p.Fidelity) : default),
        new("linearised ADMM with a box", () => Problem(0, new BoxTerm("B", 8, -50, 50)) is var p ? (p, p.Fidelity) : default),
        new("Douglas–Rachford", () => Problem(0, null) is var p ? (Exact(p), p.Fidelity) : default),
    ];

    private static readonly FixedPointOptions Options = new() { MaxIterations = 3000, ResidualTolerance = 1e-4, FidelityTolerance = 0.06, CheckEvery = 10 };

    private static LinearizedAdmm Problem(double radius, IProximable? h)
    {
        // Well conditioned, so that the many solves below are short.
        using var cosine = MatrixOperator.CosineTransform(8, float64);
        var K = new MatrixOperator(cat([cosine.Matrix, 0.3 * Normal(21, 3, 8)], 0));
        var A = new MatrixOperator(linalg.qr(Normal(22, 8, DataSize)).Q.t().contiguous());
        return new(new L1Term("S", K), new FidelityTerm("F", A, radius), h, StepSizes.FromNormBound(new StackedOperator(K, A), 8));
    }

    private static AffineDouglasRachford Exact(LinearizedAdmm problem) =>
        new(problem, new MeasurementGeometry(((MatrixOperator)problem.Fidelity.Operator).Matrix));

    /// <summary>Rows of different difficulty and size, so that they stop at different checks.</summary>
    private static Tensor Data() => Normal(23, Rows, DataSize) * tensor(Enumerable.Range(0, Rows).Select(i => Math.Pow(1.2, i)).ToArray()).unsqueeze(1);

    private static Tensor Pick(Tensor t, params int[] rows) => t.index_select(0, tensor(rows.Select(r => (long)r).ToArray()));

    private static void AssertSameRows(Splitting splitting, Tensor data, FixedPointResult all, FixedPointResult some, int[] rows)
    {
        Assert.Multiple(() =>
        {
            Assert.That(some.Status, Is.EqualTo(rows.Select(r => all.Status[r])));
            Assert.That(some.Iterations, Is.EqualTo(rows.Select(r => all.Iterations[r])));
            for (var k = 0; k < all.State.Tensors.Count; k++)
                Assert.That(Gap(some.State.Tensors[k], Pick(all.State.Tensors[k], rows)), Is.LessThan(1e-9));
            var (x, y) = (splitting.Inference(all.State, data), splitting.Inference(some.State, Pick(data, rows)));
            Assert.That(Gap(y, Pick(x, rows)), Is.LessThan(1e-9));
        });
    }

    [Test]
    public void Converged_answers_meet_the_tolerances([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var solve = FixedPointSolver.Solve(splitting, d, Options with { MaxIterations = 20_000 }, fidelity);
        Assert.Multiple(() =>
        {
            Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.Converged));
            Assert.That(solve.Residual, Has.All.LessThanOrEqualTo(Options.ResidualTolerance));
            AssertNoneAbove(fidelity.PropertyValue(splitting.Inference(solve.State, d), d), Options.FidelityTolerance, "fidelity");
            Assert.That(solve.Iterations, Has.All.Matches<int>(i => i > 0 && i % Options.CheckEvery == 0));
            Assert.That(solve.Iterations.Distinct().Count(), Is.GreaterThan(1), "the cases should stop at different checks");
        });
    }

    [Test]
    public void Answers_do_not_depend_on_the_rest_of_the_batch([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var all = FixedPointSolver.Solve(splitting, d, Options, fidelity);
        int[][] selections = [[.. Enumerable.Range(0, Rows).Reverse()], [0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11], [7, 2, 11, 7], .. Enumerable.Range(0, Rows).Select(r => (int[])[r])];
        foreach (var rows in selections)
            AssertSameRows(splitting, d, all, FixedPointSolver.Solve(splitting, Pick(d, rows), Options, fidelity), rows);
    }

    [Test]
    public void Invalid_rows_are_passed_over(
        [ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings,
        [Values(double.NaN, double.PositiveInfinity, double.NegativeInfinity)] double bad)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var clean = FixedPointSolver.Solve(splitting, d, Options, fidelity);
        int[] invalid = [0, 5, Rows - 1];
        var valid = Enumerable.Range(0, Rows).Except(invalid).ToArray();
        var spoilt = d.clone();
        foreach (var row in invalid)
            spoilt[row, 1] = bad;
        var solve = FixedPointSolver.Solve(splitting, spoilt, Options, fidelity);
        Assert.Multiple(() =>
        {
            Assert.That(invalid.Select(r => solve.Status[r]), Has.All.EqualTo(SolveStatus.InvalidData));
            Assert.That(invalid.Select(r => solve.Residual[r]), Has.All.NaN);
            Assert.That(invalid.Select(r => solve.Iterations[r]), Has.All.Zero);
            Assert.That(Values(Pick(splitting.Inference(solve.State, d), invalid)), Has.All.NaN);
            Assert.That(valid.Select(r => solve.Status[r]), Is.EqualTo(valid.Select(r => clean.Status[r])));
            Assert.That(valid.Select(r => solve.Iterations[r]), Is.EqualTo(valid.Select(r => clean.Iterations[r])));
            foreach (var (a, b) in solve.State.Tensors.Zip(clean.State.Tensors))
                Assert.That(Gap(Pick(a, valid), Pick(b, valid)), Is.LessThan(1e-9));
        });
    }

    [Test]
    public void A_batch_of_invalid_rows_and_an_empty_batch_return_at_once([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var invalid = FixedPointSolver.Solve(splitting, full(3, DataSize, double.NaN, dtype: float64), Options, fidelity);
        var empty = FixedPointSolver.Solve(splitting, zeros(0, DataSize, dtype: float64), Options, fidelity);
        Assert.Multiple(() =>
        {
            Assert.That(invalid.Status, Has.All.EqualTo(SolveStatus.InvalidData));
            Assert.That(empty.Status, Is.Empty);
            Assert.That(empty.State.Tensors.Select(t => t.shape[0]), Has.All.Zero);
        });
    }

    [Test]
    public void Iteration_limit_is_reported_with_the_last_iterate(
        [ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings, [Values(25, 30)] int limit)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var solve = FixedPointSolver.Solve(splitting, d, Options with { MaxIterations = limit, ResidualTolerance = 1e-15 }, fidelity);
        var state = splitting.Initialize(d);
        for (var i = 1; i <= limit; i++)
        {
            state = splitting.Step(state, d);
            if (FixedPointSolver.BalanceAfter(i) is { } exponents)
                state = splitting.Rebalance(state, d, exponents) ?? state;
        }

        Assert.Multiple(() =>
        {
            Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.IterationLimit));
            Assert.That(solve.Iterations, Has.All.EqualTo(limit));
            foreach (var (a, b) in solve.State.Tensors.Zip(state.Tensors))
                Assert.That(Gap(a, b), Is.LessThan(1e-11));
        });
    }

    [Test]
    public void Warm_start_at_the_answer_needs_one_check([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var cold = FixedPointSolver.Solve(splitting, d, Options with { ResidualTolerance = 1e-6, MaxIterations = 20_000 }, fidelity);
        var before = cold.State.Tensors.Select(t => t.clone()).ToArray();
        var warm = FixedPointSolver.Solve(splitting, d, Options, fidelity, cold.State);
        Assert.Multiple(() =>
        {
            Assert.That(warm.Status, Has.All.EqualTo(SolveStatus.Converged));
            Assert.That(warm.Iterations, Has.All.EqualTo(Options.CheckEvery));
            Assert.That(cold.State.Tensors.Zip(before, Gap), Has.All.Zero, "the warm start was changed");
        });
    }

    [Test]
    public void Cancellation_throws([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(
            () => FixedPointSolver.Solve(splitting, Data(), Options, fidelity, cancellationToken: source.Token),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void Zero_data_give_zero([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        d[2] = 0;
        var solve = FixedPointSolver.Solve(splitting, d, Options, fidelity);
        Assert.Multiple(() =>
        {
            Assert.That(solve.Status[2], Is.EqualTo(SolveStatus.Converged));
            Assert.That(solve.Iterations[2], Is.EqualTo(Options.CheckEvery));
            Assert.That(Values(splitting.Inference(solve.State, d)[2]), Has.All.Zero);
        });
    }

    [Test]
    public void Data_are_not_changed_and_no_gradient_is_recorded([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        var copy = d.clone();
        var solve = FixedPointSolver.Solve(splitting, d.requires_grad_(true), Options, fidelity);
        Assert.Multiple(() =>
        {
            Assert.That(Gap(d, copy), Is.Zero);
            Assert.That(solve.State.Tensors.Select(t => t.requires_grad), Has.All.False);
        });
    }

    /// <summary>A step that leaves the finite numbers in one row only.</summary>
    private sealed class Exploding : Splitting
    {
        public override SplittingState Initialize(Tensor data) => new ImageState(data.clone());

        public override SplittingState Step(SplittingState state, Tensor data)
        {
            var y = ((ImageState)state).X;
            return new ImageState(where(data.gt(100), y * 1e200, (y + data) / 2));
        }

        public override Tensor Inference(SplittingState state, Tensor data) => ((ImageState)state).X;

        public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) =>
            Trainers.Optimality.OfStep(RelativeChange(((ImageState)previous).X, ((ImageState)next).X));
    }

    [Test]
    public void Divergence_is_reported_for_its_row_alone()
    {
        var d = tensor(new double[,] { { 1, 2 }, { 101, 2 }, { 3, 4 } });
        var solve = FixedPointSolver.Solve(new Exploding(), d, Options);
        Assert.Multiple(() =>
        {
            Assert.That(solve.Status, Is.EqualTo(new[] { SolveStatus.Converged, SolveStatus.Diverged, SolveStatus.Converged }));
            Assert.That(Values(solve.State.Tensors[0][1]), Has.All.NaN);
            Assert.That(Gap(Pick(solve.State.Tensors[0], 0, 2), Pick(d, 0, 2)), Is.Zero);
        });
    }

    [Test]
    public void No_native_tensor_is_left_over([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        d[3, 0] = double.NaN;
        Assert.That(Leftover(() => FixedPointSolver.Solve(splitting, d, Options, fidelity).State.DisposeTensors()), Is.Zero);
    }

    [Test]
    public void No_native_tensor_is_left_over_after_cancellation([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.That(
            Leftover(() =>
            {
                try
                {
                    FixedPointSolver.Solve(splitting, d, Options, fidelity, cancellationToken: source.Token);
                }
                catch (OperationCanceledException)
                {
                }
            }),
            Is.Zero);
    }

    [Test]
    public void Linearised_ADMM_does_not_diverge_while_p_is_zero([Values(1, 2, 10)] int checkEvery, [Values(0.1, 1)] double alpha)
    {
        var (K, A) = (new MatrixOperator(eye(2, dtype: float64)), new MatrixOperator(ones(1, 2, dtype: float64)));
        var admm = new LinearizedAdmm(new L1Term("S", K), new FidelityTerm("F", A), null, StepSizes.FromNormBound(new StackedOperator(K, A), alpha));
        var solve = FixedPointSolver.Solve(admm, ones(1, 1, dtype: float64), new FixedPointOptions { CheckEvery = checkEvery }, admm.Fidelity);
        Assert.That(solve.Status, Has.All.EqualTo(SolveStatus.Converged));
    }

    private static readonly FixedPointOptions Tight = new() { MaxIterations = 20_000, ResidualTolerance = 1e-7, FidelityTolerance = 0.06, CheckEvery = 5 };

    /// <summary>Ways to reach the same fixed point, each of which must do something.</summary>
    private static readonly Case<FixedPointOptions>[] Accelerations =
    [
        new("Anderson, 5 steps", () => Tight with { AndersonMemory = 5 }),
        new("Anderson, 3 steps", () => Tight with { AndersonMemory = 3 }),
        new("over-relaxation", () => Tight with { Relaxation = 1.6 }),
        new("under-relaxation", () => Tight with { Relaxation = 0.7 }),
        new("Anderson on relaxed steps", () => Tight with { AndersonMemory = 5, Relaxation = 1.4 }),
    ];

    [Test]
    public void Accelerated_solves_reach_the_plain_answer(
        [ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings, [ValueSource(nameof(Accelerations))] Case<FixedPointOptions> acceleration)
    {
        var (splitting, fidelity) = splittings.Make();
        var (d, options) = (Data(), acceleration.Make());
        var (plain, fast) = (FixedPointSolver.Solve(splitting, d, Tight, fidelity), FixedPointSolver.Solve(splitting, d, options, fidelity));
        Assert.Multiple(() =>
        {
            Assert.That(plain.Status, Has.All.EqualTo(SolveStatus.Converged));
            Assert.That(fast.Status, Has.All.EqualTo(SolveStatus.Converged));
            Assert.That(Gap(splitting.Inference(fast.State, d), splitting.Inference(plain.State, d)), Is.LessThan(1e-3));
            Assert.That(fast.Iterations, Is.Not.EqualTo(plain.Iterations), "the option does nothing");
            if (options.AndersonMemory == 5)
                Assert.That(fast.Iterations.Order().ElementAt(Rows / 2), Is.LessThan(0.7 * plain.Iterations.Order().ElementAt(Rows / 2)));
        });
    }

    [Test]
    public void Acceleration_of_very_many_variables_is_as_good([Values(1_000, 150_001, 400_000)] int variables, [Values] bool singlePrecision)
    {
        var splitting = new DiagonalMap(variables, singlePrecision ? float32 : float64);
        var d = Normal(11, 3, variables).to(splitting.Factors.dtype);
        var options = new FixedPointOptions { MaxIterations = 3000, ResidualTolerance = singlePrecision ? 1e-5 : 1e-9, CheckEvery = 1 };
        var (plain, fast) = (FixedPointSolver.Solve(splitting, d, options), FixedPointSolver.Solve(splitting, d, options with { AndersonMemory = 5 }));
        Assert.Multiple(() =>
        {
            Assert.That(fast.Status, Has.All.EqualTo(SolveStatus.Converged));
            Assert.That(fast.Iterations.Max(), Is.LessThan((singlePrecision ? 0.1 : 0.05) * plain.Iterations.Min()));
            Assert.That(Gap(splitting.Inference(fast.State, d), d / (1 - splitting.Factors)), Is.LessThan(singlePrecision ? 2e-2 : 1e-6), "of values up to 200");
        });
    }

    /// <summary>ζ⁺ = a∘ζ + d with five different factors: Anderson acceleration with five steps ends after about six.</summary>
    private sealed class DiagonalMap(int variables, ScalarType type) : Splitting
    {
        public Tensor Factors { get; } = tensor(Enumerable.Range(0, variables).Select(i => new[] { 0.98, 0.9, 0.5, -0.3, -0.8 }[i % 5]).ToArray()).to(type);

        public override SplittingState Initialize(Tensor data) => new ImageState(zeros_like(data));

        public override SplittingState Step(SplittingState state, Tensor data) => new ImageState((Factors * ((ImageState)state).X) + data);

        public override Tensor Inference(SplittingState state, Tensor data) => ((ImageState)state).X;

        public override Optimality Optimality(SplittingState previous, SplittingState next, Tensor data, Tensor? inference = null) => Trainers.Optimality.OfStep(RelativeChange(((ImageState)previous).X, ((ImageState)next).X));
    }

    [Test]
    public void Accelerated_rows_do_not_depend_on_the_rest_of_the_batch([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        // Few steps: later ones differ by rounding that the extrapolation enlarges.
        var (d, options) = (Data(), Options with { AndersonMemory = 4, Relaxation = 1.2, MaxIterations = 5, CheckEvery = 1 });
        var all = FixedPointSolver.Solve(splitting, d, options, fidelity);
        int[] rows = [7, 2, 11];
        AssertSameRows(splitting, d, all, FixedPointSolver.Solve(splitting, Pick(d, rows), options, fidelity), rows);
    }

    [Test]
    public void Accelerated_solves_leave_no_native_tensor_over([ValueSource(nameof(Splittings))] Case<(Splitting, Term)> splittings)
    {
        var (splitting, fidelity) = splittings.Make();
        var d = Data();
        d[3, 0] = double.NaN;
        Assert.That(Leftover(() => FixedPointSolver.Solve(splitting, d, Options with { AndersonMemory = 3, Relaxation = 1.3 }, fidelity).State.DisposeTensors()), Is.Zero);
    }

    [Test]
    public void Options_out_of_range_are_refused_by_name()
    {
        FixedPointOptions valid = new();
        (string Name, FixedPointOptions Options)[] cases =
        [
            ("MaxIterations = 0", valid with { MaxIterations = 0 }),
            ("ResidualTolerance = 0", valid with { ResidualTolerance = 0 }),
            ("ResidualTolerance = NaN", valid with { ResidualTolerance = double.NaN }),
            ("FidelityTolerance = -1", valid with { FidelityTolerance = -1 }),
            ("CheckEvery = 0", valid with { CheckEvery = 0 }),
            ("AndersonMemory = -1", valid with { AndersonMemory = -1 }),
            ("Relaxation = 0", valid with { Relaxation = 0 }),
            ("Relaxation = 2", valid with { Relaxation = 2 }),
            ("Relaxation = NaN", valid with { Relaxation = double.NaN }),
        ];
        Assert.That(valid.Validate, Throws.Nothing);
        foreach (var (name, options) in cases)
            Assert.That(() => FixedPointSolver.Solve(new Exploding(), ones(1, 1), options), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(name));
    }

    /// <summary>Tensors alive on this thread after an action that were not before it, counted where no scope tidies up.</summary>
    private static long Leftover(Action action)
    {
        action();
        var statistics = DisposeScopeManager.Statistics.TensorStatistics;
        // Two passes: what is made once and kept is no leak.
        var before = statistics.ThreadTotalLiveCount;
        action();
        return statistics.ThreadTotalLiveCount - before;
    }
}
