using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>What every linear operator owes its users. A new operator is one more line in <see cref="Operators"/>.</summary>
internal sealed class OperatorLaws : TorchLaws
{
    private static readonly Case<LinearOperator>[] Operators =
    [
        new("wide matrix", () => Matrix(1, 4, 7)),
        new("tall matrix", () => Matrix(2, 9, 5)),
        new("1×1 matrix", () => Matrix(3, 1, 1)),
        new("rank-one matrix", () => new MatrixOperator(mm(Normal(4, 5, 1), Normal(5, 1, 6)))),
        new("zero matrix", () => new MatrixOperator(zeros(3, 4, dtype: float64))),
        new("matrix with a known bound", () => new MatrixOperator(eye(5, dtype: float64), normBound: 1.01)),
        new("cosine transform, n = 1", () => MatrixOperator.CosineTransform(1, float64)),
        new("cosine transform, n = 8", () => MatrixOperator.CosineTransform(8, float64)),
        new("cosine transform, n = 33", () => MatrixOperator.CosineTransform(33, float64)),
        new("identity", () => new IdentityOperator(6)),
        new("differences, n = 1", () => new StackedOperator(new DifferencesOperator(1), new IdentityOperator(1))),
        new("differences, n = 6", () => new DifferencesOperator(6, 0.3)),
        new("signal differences, n = 2", () => new SignalDifferencesOperator(2)),
        new("signal differences, n = 9", () => new SignalDifferencesOperator(9)),
        new("trained matrix", () => new MatrixOperator(Normal(18, 9, 6), SpectralBound.Of)),
        new("trained wide matrix", () => new MatrixOperator(Normal(19, 3, 40), SpectralBound.Of)),
        new("convolution 1 → 3, 3×3", () => new ConvolutionOperator(Normal(16, 3, 1, 3, 3), 6)),
        new("convolution 1 → 2, 1×1", () => new ConvolutionOperator(Normal(17, 2, 1, 1, 1), 4)),
        new("convolution 1 → 1, 5×5, all ones", () => new ConvolutionOperator(ones(1, 1, 5, 5, dtype: float64), 12)),
        new("Radon, 9 × 9", () => new RadonOperator(new ParallelBeamGeometry { ImageSize = 9, Angles = 5, Bins = 14 })),
        new("Radon, few beams", () => new RadonOperator(new ParallelBeamGeometry { ImageSize = 12, Angles = 3, Bins = 4 })),
        new("Radon, one pixel", () => new RadonOperator(new ParallelBeamGeometry { ImageSize = 1, Angles = 1, Bins = 1 })),
        new("Gram preconditioner, wide matrix", () => new GramPreconditioner(Matrix(10, 4, 7), 3, float64)),
        new("Gram preconditioner, tall matrix", () => new GramPreconditioner(Matrix(11, 9, 5), 0.02, float64)),
        new("scaled matrix", () => new ScaledOperator(Matrix(12, 3, 5), 0.3)),
        new("stack of one", () => new StackedOperator(Matrix(6, 3, 5))),
        new("matrix over identity", () => new StackedOperator(Matrix(7, 3, 5), new IdentityOperator(5))),
        new("stack of a stack", () => new StackedOperator(
            new StackedOperator(Matrix(8, 2, 5), Matrix(9, 4, 5)),
            MatrixOperator.CosineTransform(5, float64))),
    ];

    private static readonly (string Message, Action Construct)[] Refusals =
    [
        ("A matrix needs 2 dimensions; the tensor has 1.", () => _ = new MatrixOperator(zeros(3))),
        ("A matrix needs 2 dimensions; the tensor has 3.", () => _ = new MatrixOperator(zeros(3, 2, 1))),
        ("A norm bound is a finite number, at least 0.", () => _ = new MatrixOperator(zeros(3, 2), -1)),
        ("A norm bound is a finite number, at least 0.", () => _ = new MatrixOperator(zeros(3, 2), double.NaN)),
        ("A norm bound is a finite number, at least 0.", () => _ = new MatrixOperator(zeros(3, 2), double.PositiveInfinity)),
        ("The kernel must be [C, 1, k, k] with odd k; got [2, 1, 4, 4].", () => _ = new ConvolutionOperator(zeros(2, 1, 4, 4), 8)),
        ("The kernel must be [C, 1, k, k] with odd k; got [2, 3, 3, 3].", () => _ = new ConvolutionOperator(zeros(2, 3, 3, 3), 8)),
        ("imageSize", () => _ = new ConvolutionOperator(zeros(2, 1, 3, 3), 0)),
        ("imageSize", () => _ = new DifferencesOperator(0)),
        ("size = 1", () => _ = new SignalDifferencesOperator(1)),
        ("factor = 0", () => _ = new DifferencesOperator(3, 0)),
        ("Angles = 0", () => _ = new RadonOperator(new ParallelBeamGeometry { Angles = 0 })),
        ("ImageSize = 46341", () => _ = new RadonOperator(new ParallelBeamGeometry { ImageSize = 46_341 })),
        ("Angles·Bins·ImageSize = 24000000000", () => _ = new RadonOperator(new ParallelBeamGeometry { ImageSize = 40_000, Angles = 1000, Bins = 600 })),
        ("size", () => _ = new IdentityOperator(0)),
        ("size", () => _ = MatrixOperator.CosineTransform(0)),
        ("strength = 0", () => _ = new GramPreconditioner(new IdentityOperator(3), 0)),
        ("Stacking needs at least one operator.", () => _ = new StackedOperator()),
        ("Stacked operators take the same input; 3 and 4 differ.", () => _ = new StackedOperator(new IdentityOperator(3), new IdentityOperator(4))),
    ];

    [Test]
    public void Gram_preconditioner_is_the_inverse([Values(0.1, 5, 1000)] double strength, [Values(3, 12)] int rows)
    {
        using var M = Matrix(12, rows, 8);
        using var preconditioner = new GramPreconditioner(M, strength, float64);
        var x = Normal(13, 5, 8);
        var y = x + (strength * M.ApplyAdjoint(M.Apply(x)));
        Assert.That(Gap(preconditioner.Apply(y), x), Is.LessThan(1e-10 * (1 + strength)));
    }

    [Test]
    public void A_shared_operator_that_could_not_be_built_is_built_at_the_next_use()
    {
        using var operators = new FailingOnce();
        Assert.That(() => GramPreconditioner.Shared(operators, 1, float64), Throws.InstanceOf<InsufficientMemoryException>());
        var built = GramPreconditioner.Shared(operators, 1, float64);
        Assert.That(GramPreconditioner.Shared(operators, 1, float64), Is.SameAs(built));
    }

    [Test]
    public void Shared_values_used_last_are_kept_and_the_others_are_given_back()
    {
        const long size = 1 << 20;
        var shared = new SharedValues<int, Tensor>(3 * size, t => t.NumberOfElements * t.ElementSize);
        Tensor Get(int key) => shared.Get(key, () => ones(size, dtype: uint8).DetachFromDisposeScope());
        var made = new List<WeakReference>();
        for (var key = 1; key <= 12; key++)
        {
            made.Add(new WeakReference(Get(key)));
            Get(1); // stays in use
        }

        var last = Get(12);
        Assert.That(Get(12), Is.SameAs(last));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(made.Select((value, i) => (Key: i + 1, value.IsAlive)).Where(v => v.IsAlive).Select(v => v.Key), Is.EqualTo(new[] { 1, 11, 12 }));
    }

    [Test]
    public void A_shared_value_is_made_once_by_many_threads_and_one_larger_than_the_bound_is_kept()
    {
        var (shared, made) = (new SharedValues<int, object>(0, _ => 1), 0);
        object Get() => shared.Get(1, () =>
        {
            Interlocked.Increment(ref made);
            Thread.Sleep(20);
            return new object();
        });
        var values = new object[16];
        Parallel.For(0, values.Length, i => values[i] = Get());
        Assert.That(made, Is.EqualTo(1));
        Assert.That(values, Has.All.SameAs(Get()));
    }

    private sealed class FailingOnce : LinearOperator
    {
        private int uses;

        public override int InputSize => 3;

        public override int OutputSize => 3;

        public override double NormBound => 1;

        public override Tensor Apply(Tensor x) => uses++ > 0 ? x.clone() : throw new InsufficientMemoryException();

        public override Tensor ApplyAdjoint(Tensor y) => y.clone();
    }

    private static readonly int[] TransformSizes = [1, 2, 3, 8, 33];

    [TestCaseSource(nameof(Operators))]
    public void Adjoint_moves_across_the_inner_product(Case<LinearOperator> operators)
    {
        using var S = operators.Make();
        var (x, y) = (Normal(11, 6, S.InputSize), Normal(12, 6, S.OutputSize));
        Assert.That(Gap(Dot(S.Apply(x), y), Dot(x, S.ApplyAdjoint(y))), Is.LessThan(1e-11));
    }

    [TestCaseSource(nameof(Operators))]
    public void Shapes_are_as_announced(Case<LinearOperator> operators)
    {
        using var S = operators.Make();
        Assert.Multiple(() =>
        {
            Assert.That(S.Apply(Normal(11, 3, S.InputSize)).shape, Is.EqualTo(new long[] { 3, S.OutputSize }));
            Assert.That(S.ApplyAdjoint(Normal(11, 3, S.OutputSize)).shape, Is.EqualTo(new long[] { 3, S.InputSize }));
        });
    }

    [TestCaseSource(nameof(Operators))]
    public void Operators_are_linear_and_rows_do_not_mix(Case<LinearOperator> operators)
    {
        using var S = operators.Make();
        var (x, y) = (Normal(11, 3, S.InputSize), Normal(12, 3, S.InputSize));
        Assert.Multiple(() =>
        {
            Assert.That(Gap(S.Apply((2 * x) - y), (2 * S.Apply(x)) - S.Apply(y)), Is.LessThan(1e-11));
            Assert.That(Gap(S.Apply(x.slice(0, 1, 2, 1)), S.Apply(x).slice(0, 1, 2, 1)), Is.LessThan(1e-12));
        });
    }

    [TestCaseSource(nameof(Operators))]
    public void NormBound_holds_and_is_at_most_twice_the_norm(Case<LinearOperator> operators)
    {
        using var S = operators.Make();
        var x = Normal(13, 1, S.InputSize);
        for (var i = 0; i < 300; i++)
        {
            var image = S.ApplyAdjoint(S.Apply(x));
            x = image / image.norm().clamp_min(1e-300);
        }

        var measured = (S.Apply(x).norm() / x.norm().clamp_min(1e-300)).ToDouble();
        var random = Normal(14, 50, S.InputSize);
        var ratios = S.Apply(random).norm(1) / random.norm(1);
        Assert.Multiple(() =>
        {
            Assert.That(S.NormBound, Is.GreaterThanOrEqualTo(measured * (1 - 1e-12)));
            Assert.That(S.NormBound, Is.LessThanOrEqualTo(2 * measured));
            AssertNoneAbove(ratios, S.NormBound * (1 + 1e-12), "‖Sx‖/‖x‖ above the bound");
        });
    }

    [TestCaseSource(nameof(TransformSizes))]
    public void Cosine_transform_is_an_isometry(int size)
    {
        using var S = MatrixOperator.CosineTransform(size, float64);
        var x = Normal(15, 4, size);
        Assert.Multiple(() =>
        {
            Assert.That(Gap(S.ApplyAdjoint(S.Apply(x)), x), Is.LessThan(1e-12));
            Assert.That(Gap(S.Apply(S.ApplyAdjoint(x)), x), Is.LessThan(1e-12));
            Assert.That(Gap(S.Apply(x).norm(1), x.norm(1)), Is.LessThan(1e-12));
        });
    }

    [Test]
    public void Cosine_transform_of_a_cosine_is_one_coefficient()
    {
        const int size = 16;
        using var S = MatrixOperator.CosineTransform(size, float64);
        for (var k = 0; k < size; k++)
        {
            var x = tensor(Enumerable.Range(0, size).Select(i => Math.Cos(Math.PI * k * (i + 0.5) / size)).ToArray()).reshape(1, size);
            var expected = zeros(1, size, dtype: float64);
            expected[0, k] = x.norm();
            Assert.That(Gap(S.Apply(x), expected), Is.LessThan(1e-12), $"k = {k}");
        }
    }

    [TestCaseSource(nameof(Refusals))]
    public void Refusals_name_the_cause((string Message, Action Construct) refusal) =>
        Assert.That(() => refusal.Construct(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(refusal.Message));
}
