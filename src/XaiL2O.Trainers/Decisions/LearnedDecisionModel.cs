using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The model of a <see cref="LearnedDecisionDefinition"/>: predicted costs, and the decision of each row by them.</summary>
internal sealed class LearnedDecisionModel : ImplicitModel
{
    private const int MostKnown = 50_000;

    private readonly LearnedDecisionDefinition definition;
    private readonly DecisionModel decision;
    private readonly int size;
    private readonly int before; // numbers of a row of the decision's data before its costs
    private readonly Tensor mean;
    private readonly Tensor deviation;
    private readonly List<(string Name, Tensor Weight)> weights = [];
    private readonly double unit;
    private readonly Dictionary<double[], RowDecision> known = new(RowComparer.Instance); // by true costs

    public LearnedDecisionModel(LearnedDecisionDefinition definition)
    {
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        (this.definition, decision, size) = (definition, new DecisionModel(definition.Decision), definition.Decision.Size);
        before = definition.Decision.Inputs.TakeWhile(c => c.Name != definition.CostColumn).Sum(c => c.Size);
        using var mode = inference_mode(false);
        using var scope = NewDisposeScope();
        using var generator = new Generator((ulong)(uint)definition.Seed);
        var (p, h) = (definition.FeatureCount, definition.HiddenUnits);
        var start = definition.Start ?? new CostStart(new double[p], [.. Enumerable.Repeat(1.0, p)], new double[size], new double[p * size], 1);
        unit = start.CostDeviation;
        mean = tensor(start.Mean.ToArray()).DetachFromDisposeScope();
        deviation = tensor(start.Deviation.ToArray()).DetachFromDisposeScope();
        void Keep(string name, Tensor values) => weights.Add((name, nn.Parameter(values).DetachFromDisposeScope()));
        // In units of the costs' deviation, so that a rate of learning means the same for costs of any size.
        Keep("Costs", (tensor(start.Weights.ToArray()).reshape(size, p) / unit).clone());
        Keep("Intercept", (tensor(start.Intercept.ToArray()) / unit).clone());
        if (h == 0)
            return;
        // What the units add is 0 at first, and trained from there.
        Keep("Hidden", randn([h, p], dtype: ScalarType.Float64, generator: generator) / Math.Sqrt(p));
        Keep("HiddenIntercept", randn([h], dtype: ScalarType.Float64, generator: generator));
        Keep("HiddenCosts", zeros(size, h, dtype: ScalarType.Float64));
    }

    public override int DataSize => definition.DataSize;

    public override int InferenceSize => size;

    public override IReadOnlyList<Term> Terms => [.. decision.Terms.Select(t => new PredictedTerm(t, size, this))];

    public override Term? Feasibility => null;

    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => weights;

    public override IReadOnlyList<object?> Configuration => [definition];

    public override ScalarType DataType => ScalarType.Float64;

    public override Device Device => CPU;

    /// <summary>
    /// The decision is no iterate: the start is the answer. While gradients are recorded it is not decided at all, since the losses need no decision by the predicted costs alone, and solve for what they need.
    /// </summary>
    public override Splitting CreateSplitting() => new ExplicitMap(data => is_grad_enabled()
        ? zeros(data.shape[0], size, dtype: ScalarType.Float64) + (0 * Predict(data).sum())
        : DecisionModel.Points(decision.Decide(Known(data, Predict(data)), default)));

    /// <summary>One evaluation: there is nothing to iterate. In training nothing is decided by the predicted costs alone, and all rows count as converged; elsewhere a row without a decision does not.</summary>
    public override FixedPointResult Solve(Splitting splitting, Tensor data, FixedPointOptions options, SplittingState? warmStart = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(splitting);
        ArgumentNullException.ThrowIfNull(data);
        var rows = (int)data.shape[0];
        if (is_grad_enabled())
            return new FixedPointResult(new ImageState(zeros(rows, size, dtype: ScalarType.Float64)), new double[rows], new int[rows], [.. Enumerable.Repeat(SolveStatus.Converged, rows)], new OptimalityCondition[rows]);
        var decided = decision.Decide(Known(data, Predict(data)), cancellationToken);
        var status = decided.Select(d => DecisionModel.StatusOf(d.Solution.Status)).ToArray();
        return new FixedPointResult(
            new ImageState(DecisionModel.Points(decided)),
            [.. decided.Select(d => d.Solution.Residual)],
            [.. decided.Select(d => d.Solution.Iterations)],
            status,
            [.. status.Select(s => s == SolveStatus.Converged ? OptimalityCondition.None : OptimalityCondition.PrimalFeasibility)]);
    }

    public override ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.dim() != 2 || data.shape[1] != DataSize)
            throw new ArgumentException($"The model takes data of shape [batch, {DataSize}]; got [{string.Join(", ", data.shape)}].", nameof(data));
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var d = data.to(ScalarType.Float64);
        var costs = Predict(d);
        var inference = decision.Infer(Known(d, costs), options, null, cancellationToken);
        return inference with { Outputs = [.. inference.Outputs, TensorNumbers.Of(costs).Chunk(size).ToArray()] };
    }

    /// <summary>SPO+ and the squared error of the predictions, each relative; see <see cref="LearnedDecisionDefinition"/>. Rows without a solution by their true costs do not count.</summary>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        var (predicted, c) = (Predict(data), targets.to(ScalarType.Float64));
        var error = ((predicted - c) / unit).square().mean();
        if (definition.Objective == DecisionLoss.PredictionError)
            return error;
        Tensor gradient, value, open;
        double size;
        using (no_grad())
        {
            var shifted = (2 * predicted.detach()) - c;
            var (best, other) = (Best(data, c), decision.Decide(Known(data, shifted), default));
            double[] solved = [.. best.Zip(other, (a, b) => a.Solution.Status == ProgramStatus.Solved && b.Solution.Status == ProgramStatus.Solved ? 1.0 : 0)];
            var (ours, theirs) = (Masked(best, solved), Masked(other, solved));
            double[] z = [.. best.Select((r, i) => solved[i] > 0 ? r.Objective : 0)], w = [.. other.Select((r, i) => solved[i] > 0 ? r.Objective : 0)];
            // g(x*) = z* − cᵀx*, so that ℓ = −w + 2ĉᵀx* + 2z* − 2cᵀx* − z*.
            value = (tensor(z) - tensor(w) + (2 * ((predicted.detach() - c) * ours).sum(1))).sum();
            gradient = 2 * (ours - theirs);
            size = Size(z.Sum(Math.Abs), best.Concat(other));
            open = tensor(best.Zip(other, (a, b) => a.Solution.Status == ProgramStatus.Solved && b.Solution.Status != ProgramStatus.Solved ? 1.0 : 0).ToArray());
        }

        // The value of the loss with its subgradient. Where the surrogate has no end, the prediction is wrong by more than the cost itself, and its error says where to go.
        var surrogate = (((predicted - predicted.detach()) * gradient).sum() + value) / size;
        return surrogate + (definition.ErrorWeight * error) + ((open.unsqueeze(1) * ((predicted - c) / unit).square()).sum() / predicted.numel());
    }

    /// <summary>Relative regret: what the decisions cost more than the best ones, over what those cost; or the squared error of predictions.</summary>
    public override double ValidationLoss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        using var scope = NewDisposeScope();
        var c = targets.to(ScalarType.Float64);
        if (definition.Objective == DecisionLoss.PredictionError)
            return ((Predict(data) - c) / unit).square().mean().ToDouble();
        var (best, rows, x) = (Best(data, c), TensorNumbers.Of(Known(data, c)), TensorNumbers.Of(inference));
        var (excess, scale) = (0.0, 0.0);
        for (var row = 0; row < best.Length; row++)
        {
            var own = x.AsSpan(row * size, size);
            if (best[row].Solution.Status != ProgramStatus.Solved)
                continue;
            // No decision where there is one is worse than any.
            if (own.Contains(double.NaN))
                return double.PositiveInfinity;
            excess += decision.Objective(rows.AsSpan(row * (rows.Length / best.Length), rows.Length / best.Length), own) - best[row].Objective;
            scale += Math.Abs(best[row].Objective);
        }

        return excess / Size(scale, best);
    }

    /// <summary>What regrets are relative to: what the best decisions cost, or where that is about 0, as where costs have either sign, a hundredth of what decisions of their size may cost.</summary>
    private double Size(double cost, IEnumerable<RowDecision> decisions) =>
        Math.Max(cost, Math.Max(0.01 * unit * decisions.Where(d => d.Solution.Status == ProgramStatus.Solved).Sum(d => d.X.Sum(Math.Abs)), 1e-12 * unit));

    /// <summary>What was solved for the training rows is not needed any more.</summary>
    public override void FinishTraining() => known.Clear();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (var (_, weight) in weights)
                weight.Dispose();
            mean.Dispose();
            deviation.Dispose();
            decision.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>ĉ, with gradients of the weights.</summary>
    private Tensor Predict(Tensor data)
    {
        var f = (data.narrow(1, 0, definition.FeatureCount).to(ScalarType.Float64) - mean) / deviation;
        var costs = mm(f, weights[0].Weight.t()) + weights[1].Weight;
        if (definition.HiddenUnits > 0)
            costs += mm((mm(f, weights[2].Weight.t()) + weights[3].Weight).relu(), weights[4].Weight.t());
        return costs * unit;
    }

    /// <summary>The decision's data, with costs in their place.</summary>
    private Tensor Known(Tensor data, Tensor costs)
    {
        var others = data.narrow(1, definition.FeatureCount, data.shape[1] - definition.FeatureCount).to(ScalarType.Float64);
        return cat([others.narrow(1, 0, before), costs, others.narrow(1, before, others.shape[1] - before)], 1);
    }

    /// <summary>The best decisions by true costs; those of training rows are the same in every epoch.</summary>
    private RowDecision[] Best(Tensor data, Tensor costs)
    {
        using var scope = NewDisposeScope();
        var all = Known(data, costs);
        var rows = TensorNumbers.Of(all).Chunk(definition.Decision.DataSize).ToArray();
        lock (known)
        {
            int[] missing = [.. Enumerable.Range(0, rows.Length).Where(i => !known.ContainsKey(rows[i]))];
            if (missing.Length > 0)
            {
                // Rows that are made anew for every epoch do not come again.
                if (known.Count > MostKnown)
                {
                    known.Clear();
                    missing = [.. Enumerable.Range(0, rows.Length)];
                }

                var solved = decision.Decide(all.index_select(0, tensor(missing.Select(i => (long)i).ToArray())), default);
                for (var k = 0; k < missing.Length; k++)
                    known[rows[missing[k]]] = solved[k];
            }

            return [.. rows.Select(r => known[r])];
        }
    }

    private Tensor Masked(RowDecision[] decisions, double[] solved) =>
        tensor(decisions.SelectMany((r, i) => solved[i] > 0 ? r.X : new double[size]).ToArray()).reshape(decisions.Length, size);

    /// <summary>Rows that hold the same numbers.</summary>
    private sealed class RowComparer : IEqualityComparer<double[]>
    {
        public static readonly RowComparer Instance = new();

        public bool Equals(double[]? a, double[]? b) => a.AsSpan().SequenceEqual(b);

        public int GetHashCode(double[] row)
        {
            var hash = default(HashCode);
            foreach (var value in row)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }

    /// <summary>A property of the decision, whose data hold the predicted costs.</summary>
    private sealed class PredictedTerm(Term term, int size, LearnedDecisionModel model) : Term(term.Name, new IdentityOperator(size))
    {
        public override string Formula => term.Formula;

        public override string Cause => term.Cause;

        public override Tensor PropertyValue(Tensor x, Tensor data) => term.PropertyValue(x, model.Known(data, model.Predict(data)));
    }
}
