using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Inputs that every row has of its own: masks, capacities, budgets and prices. Each answer is that of the row's problem written down alone.</summary>
internal sealed class RowInputLaws : TorchLaws
{
    private const int N = 8;
    private const int M = 6;
    private const int Rows = 20;

    private static readonly FixedPointOptions Tight = new() { MaxIterations = 20_000, AndersonMemory = 10, ResidualTolerance = 1e-7, FidelityTolerance = 1e-8 };

    private sealed class Stated(ModelColumn[] inputs, int size, Action<ModelBuilder> compose) : ModelDefinition
    {
        public override IReadOnlyList<ModelColumn> Inputs => inputs;

        public override int DataSize => inputs.Sum(c => c.Size);

        public override int InferenceSize => size;

        public override void Compose(ModelBuilder model) => compose(model);
    }

    private static ModelColumn MaskColumn => new("Mask", M) { Lowest = 0, Highest = 1, IsUnitless = true };

    private static float[,] A => ToArray(Normal(1, M, N));

    private static float[,] K => ToArray(Normal(2, N + 2, N));

    private static Stated Masked(float[,] A, float[,] K) => new([new("Measurements", M), MaskColumn], N, m =>
    {
        m.Add(new LeastSquaresTerm("Fit", m.Matrix(A), target: m.Input("Measurements"), mask: m.Input("Mask")));
        m.Add(new L1Term("Sparsity", m.Matrix(K)), 0.1);
    });

    private static Tensor Masks(int seed) => (Normal(seed, Rows, M).abs() * 2).clamp_max(1) * Normal(seed + 1, Rows, M).gt(-0.3);

    private static float[][] Answers(ModelDefinition definition, Tensor data)
    {
        using var model = definition.CreateModel(float64);
        var inference = model.Infer(data, Tight);
        Assert.That(inference.Status, Is.All.EqualTo(SolveStatus.Converged));
        return inference.Inference;
    }

    /// <summary>m ⊙ (Ax − d) = (diag(m)A)x − m ⊙ d: another matrix for every row, in a model without masks.</summary>
    [Test]
    public void A_masked_row_has_the_answer_of_its_own_problem()
    {
        var (a, k, d, masks) = (A, K, Normal(3, Rows, M), Masks(4));
        var answers = Answers(Masked(a, k), cat([d, masks], 1));
        for (var row = 0; row < Rows; row++)
        {
            var own = ToArray(masks[row].unsqueeze(1) * tensor(a).to(float64));
            var alone = Answers(
                new Stated([new("Measurements", M)], N, m =>
                {
                    m.Add(new LeastSquaresTerm("Fit", m.Matrix(own)));
                    m.Add(new L1Term("Sparsity", m.Matrix(k)), 0.1);
                }),
                (masks[row] * d[row]).unsqueeze(0));
            Assert.That(answers[row], Is.EqualTo(alone[0]).Within(2e-4), $"row {row}");
        }
    }

    [TestCase(1)]
    [TestCase(7)]
    public void Batches_of_rows_with_other_masks_change_nothing(int size)
    {
        var data = cat([Normal(3, Rows, M), Masks(4)], 1);
        using var model = Masked(A, K).CreateModel(float64);
        var all = model.Infer(data, Tight).Inference;
        var parts = Enumerable.Range(0, (Rows + size - 1) / size).SelectMany(i => model.Infer(data.slice(0, i * size, Math.Min(Rows, (i + 1) * size), 1), Tight).Inference).ToArray();
        Assert.That(parts.SelectMany(x => x), Is.EqualTo(all.SelectMany(x => x)).Within(2e-5));
    }

    [Test]
    public void What_was_not_measured_has_no_influence()
    {
        var (d, masks) = (Normal(3, Rows, M), Masks(4).gt(0.5).to(float64));
        var other = where(masks.eq(0), Normal(9, Rows, M), d);
        var (definition, properties) = (Masked(A, K), new List<double[]>());
        using var model = definition.CreateModel(float64);
        foreach (var measured in new[] { d, other })
            properties.Add(model.Infer(cat([measured, masks], 1), Tight).PropertyValues[0]);
        Assert.That(Answers(definition, cat([d, masks], 1)).SelectMany(x => x), Is.EqualTo(Answers(definition, cat([other, masks], 1)).SelectMany(x => x)).Within(1e-6));
        Assert.That(properties[0], Is.EqualTo(properties[1]).Within(1e-6));
    }

    /// <summary>What a lost sensor says would make any estimate look small beside it, and pass.</summary>
    [Test]
    public void What_was_not_measured_has_no_influence_on_property_values_of_inpainting()
    {
        var (d, masks) = (Normal(3, Rows, M), Masks(4));
        masks[0] = zeros(M);
        using var model = new InpaintingDefinition { MeasurementMatrix = A }.CreateModel(float64);
        double[][] Values(double lost) => model.Infer(cat([where(masks.eq(0), full_like(d, lost), d), masks], 1), Tight).PropertyValues;
        var (none, large) = (Values(0), Values(1e6));
        Assert.That(none, Has.Length.EqualTo(2));
        for (var i = 0; i < none.Length; i++)
            Assert.That(large[i], Is.EqualTo(none[i]).Within(1e-9));
        Assert.That(large[1][0], Is.NaN.Or.EqualTo(double.PositiveInfinity), "nothing was measured");
    }

    [Test]
    public void The_gradient_and_the_bound_of_its_steps_hold_for_every_row()
    {
        var data = cat([Normal(3, Rows, M), Masks(4)], 1);
        var operation = new MatrixOperator(tensor(A).to(float64));
        using var store = new WeightStore(float64, CPU, 1);
        var builder = new ModelBuilder(store, 2 * M, N, [new("Measurements", M), MaskColumn]);
        var term = new LeastSquaresTerm("Fit", operation, target: builder.Input("Measurements"), mask: builder.Input("Mask"));
        var (u, v) = (Normal(5, Rows, N), Normal(6, Rows, N));
        using (enable_grad())
        {
            var x = u.clone().requires_grad_();
            ((ISmooth)term).Value(x, data)!.sum().backward();
            Assert.That(Gap(x.grad!, term.Gradient(u, data)), Is.LessThan(1e-12));
        }

        AssertNoneAbove((term.Gradient(u, data) - term.Gradient(v, data)).norm(1) / (u - v).norm(1), term.LipschitzBound * (1 + 1e-12), "Lipschitz bound");
    }

    /// <summary>max ⟨p, x⟩ over 0 ≤ x ≤ c, Σxᵢ ≤ b, all of the row: the best prices first, as far as capacity and budget go.</summary>
    [Test]
    public void Prices_capacities_and_budgets_are_those_of_the_row()
    {
        var definition = new Stated([new("Prices", N), new("Capacity", N) { Lowest = 0 }, new("Budget", 1)], N, m =>
        {
            m.Add(new LinearTerm("Profit", m.Input("Prices"), maximize: true));
            m.Add(new BoxTerm("Capacity", 0, m.Input("Capacity")));
            m.Add(new HalfSpaceTerm("Budget", m.Vector([.. Enumerable.Repeat(1f, N)]), m.Input("Budget")));
        });
        var (prices, capacity, budget) = (Normal(1, Rows, N), Normal(2, Rows, N).abs(), Normal(3, Rows, 1).abs() * 2);
        var answers = Answers(definition, cat([prices, capacity, budget], 1));
        var (p, c, b) = (Values(prices), Values(capacity), Values(budget));
        for (var row = 0; row < Rows; row++)
        {
            var (left, best) = (b[row], 0.0);
            foreach (var i in Enumerable.Range(row * N, N).Where(i => p[i] > 0).OrderByDescending(i => p[i]))
            {
                var amount = Math.Min(left, c[i]);
                (left, best) = (left - amount, best + (p[i] * amount));
            }

            var x = answers[row];
            Assert.That(x.Select((v, i) => v * p[(row * N) + i]).Sum(), Is.EqualTo(best).Within(1e-3 * Math.Max(1, best)), $"row {row}");
            Assert.That(x.Sum() - b[row], Is.LessThan(1e-5), $"budget of row {row}");
            Assert.That(x.Select((v, i) => Math.Max(-v, v - c[(row * N) + i])).Max(), Is.LessThan(1e-5), $"capacity of row {row}");
        }
    }

    [Test]
    public void Equality_with_one_of_the_inputs_is_exact_and_relative_sparsity_is_relative_to_it()
    {
        var a = A;
        var definition = new Stated([new("Note", 3), new("Measurements", M)], N, m =>
        {
            m.Add(new FidelityTerm("Fit", m.Matrix(a), target: m.Input("Measurements")));
            m.Add(new L1Term("Sparsity", m.Identity, relativeToData: true, data: m.Input("Measurements")));
        });
        var alone = new Stated([new("Measurements", M)], N, m =>
        {
            m.Add(new FidelityTerm("Fit", m.Matrix(a)));
            m.Add(new L1Term("Sparsity", m.Identity, relativeToData: true));
        });
        var d = Normal(3, 4, M);
        foreach (var algorithm in new[] { Algorithm.Automatic, Algorithm.LinearizedAdmm })
        {
            ModelInference Solve(Stated stated, Tensor data)
            {
                using var model = new Stated([.. stated.Inputs], N, m => { stated.Compose(m); m.Algorithm = algorithm; }).CreateModel(float64);
                return model.Infer(data, new FixedPointOptions { MaxIterations = 500, AndersonMemory = 5 });
            }

            var (with, without) = (Solve(definition, cat([100 * Normal(8, 4, 3), d], 1)), Solve(alone, d));
            Assert.That(with.Inference.SelectMany(x => x), Is.EqualTo(without.Inference.SelectMany(x => x)), $"{algorithm}");
            Assert.That(with.PropertyValues, Is.EqualTo(without.PropertyValues), $"{algorithm}");
        }
    }

    [Test]
    public void A_row_outside_the_limits_of_an_input_is_not_solved_and_harms_no_other()
    {
        var data = cat([Normal(3, Rows, M), Masks(4)], 1);
        var (definition, odd) = (Masked(A, K), data.clone());
        odd[2, M + 1] = 1.01;
        odd[5, M] = -0.01;
        using var model = definition.CreateModel(float64);
        var (expected, actual) = (model.Infer(data, Tight), model.Infer(odd, Tight));
        for (var row = 0; row < Rows; row++)
        {
            Assert.That(actual.Status[row], Is.EqualTo(row is 2 or 5 ? SolveStatus.InvalidData : SolveStatus.Converged), $"row {row}");
            Assert.That(actual.Inference[row], row is 2 or 5 ? Is.All.NaN : Is.EqualTo(expected.Inference[row]).Within(1e-6), $"row {row}");
        }
    }

    [Test]
    public void A_mask_has_no_part_in_the_amplitude_of_a_row()
    {
        var definition = new InpaintingDefinition { MeasurementMatrix = A };
        using var model = definition.CreateModel(float64);
        var (d, masks) = (Normal(3, Rows, M), Masks(4));
        var (one, many) = (model.Infer(cat([d, masks], 1), Tight), model.Infer(cat([1000 * d, masks], 1), Tight));
        Assert.That(many.Inference.SelectMany(x => x).Select(v => v / 1000), Is.EqualTo(one.Inference.SelectMany(x => x)).Within(1e-4));
        Assert.That(many.PropertyValues[1], Is.EqualTo(one.PropertyValues[1]).Within(1e-4));
    }

    [Test]
    public void Training_with_masks_learns_and_its_gradient_is_that_of_the_loss()
    {
        var truth = ToArray(Normal(7, N, N));
        using var signals = mm(Normal(3, 300, N) * Normal(4, 300, N).gt(1.0), tensor(truth).to(float64));
        var (d, masks) = (mm(signals, tensor(A).to(float64).t()), (Normal(5, 300, M).gt(-0.8)).to(float64));
        var definition = new InpaintingDefinition { MeasurementMatrix = A, InitialTransform = K };
        using var model = definition.CreateModel();
        var result = ModelTrainer.Train(model, cat([d, masks], 1), signals, definition.Training with { Epochs = 8, BatchSize = 50 });
        Assert.That(result.Epochs[^1].TrainingLoss, Is.LessThan(0.9 * result.Epochs[0].TrainingLoss));
        Assert.That(result.Warnings, Has.None.Contains("gradient of training"));
    }

    private static readonly (string Message, Action Make)[] Refusals =
    [
        ("There is no input 'Masks'; the inputs are: Measurements, Mask", () => new Stated([new("Measurements", M), MaskColumn], N, m => m.Input("Masks")).CreateModel()),
        ("The input 'Mask' has 6 values per row; what the operator gives has 8", () => new Stated([new("Measurements", N), MaskColumn], N, m => m.Add(new LeastSquaresTerm("Fit", m.Identity, target: m.Input("Measurements"), mask: m.Input("Mask")))).CreateModel()),
        ("here it must lie in [0, 1]", () => new Stated([new("Measurements", N), new("Mask", N)], N, m => m.Add(new LeastSquaresTerm("Fit", m.Identity, target: m.Input("Measurements"), mask: m.Input("Mask")))).CreateModel()),
        ("here it must lie in [0, Infinity]", () => new Stated([new("Capacity", N)], N, m => m.Add(new BoxTerm("Box", 0, m.Input("Capacity")))).CreateModel()),
        ("the offset of a plane has 1", () => new Stated([new("Budget", 2)], 2, m => m.Add(new HalfSpaceTerm("Budget", m.Vector([1, 1]), m.Input("Budget")))).CreateModel()),
    ];

    [Test]
    public void Inputs_that_do_not_fit_are_refused_by_name([ValueSource(nameof(Refusals))] (string Message, Action Make) refusal) =>
        Assert.That(() => refusal.Make(), Throws.InstanceOf<ArgumentException>().With.Message.Contains(refusal.Message));
}
