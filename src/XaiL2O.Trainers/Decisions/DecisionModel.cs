using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The model of a <see cref="DecisionDefinition"/>: a program for each row, on all cores, without weights.</summary>
internal sealed class DecisionModel : ImplicitModel
{
    private readonly DecisionDefinition definition;
    private readonly DecisionProblem problem;
    private readonly DecisionTerm[] terms;

    public DecisionModel(DecisionDefinition definition)
    {
        LibTorch.EnsureLoaded();
        (this.definition, problem) = (definition, new DecisionProblem(definition));
        var n = definition.Size;
        terms =
        [
            .. definition.Constraints.Select((c, i) => new DecisionTerm(c.Name, n, (row, x) => problem.Violation(i, row, x), "the most by which the constraint is broken, in the units of its bound", "an inference that no solve made feasible")),
            .. definition.Point is null ? (DecisionTerm[])[] : [new DecisionTerm("DistanceMoved", n, problem.Moved, "√(Σwᵢ(xᵢ − pᵢ)²)", "a point far from all that satisfy the constraints: the model that made it does not know them")],
        ];
        if (terms.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"A constraint is named '{twice.Key}', as the property that says how far the point was moved; give it another name.");
    }

    public override int DataSize => definition.DataSize;

    public override int InferenceSize => definition.Size;

    public override IReadOnlyList<Term> Terms => terms;

    public override Term? Feasibility => null;

    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => [];

    public override IReadOnlyList<object?> Configuration => [definition];

    public override ScalarType DataType => ScalarType.Float64;

    public override Device Device => CPU;

    public override Splitting CreateSplitting() => new ExplicitMap(data =>
    {
        var rows = Decide(data, default);
        return tensor(rows.SelectMany(r => r.X).ToArray()).reshape(rows.Length, InferenceSize);
    });

    /// <summary>Decides a batch of rows.</summary>
    /// <inheritdoc/>
    public override ModelInference Infer(Tensor data, FixedPointOptions options, Splitting? splitting = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data.dim() != 2 || data.shape[1] != DataSize)
            throw new ArgumentException($"The model takes data of shape [batch, {DataSize}]; got [{string.Join(", ", data.shape)}].", nameof(data));
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var rows = Decide(data, cancellationToken);
        double[][] x = [.. rows.Select(r => r.X)];
        var status = rows.Select(r => StatusOf(r.Solution.Status)).ToArray();
        return new ModelInference(
            [.. x.Select(v => v.Select(a => (float)a).ToArray())],
            Evaluate(tensor(x.SelectMany(v => v).ToArray()).reshape(rows.Length, InferenceSize), data),
            [.. rows.Select(r => r.Solution.Status is ProgramStatus.Solved or ProgramStatus.NotConverged ? r.Solution.Residual : double.NaN)],
            [.. rows.Select(r => r.Solution.Iterations)],
            status,
            [.. status.Select(s => s switch
            {
                SolveStatus.Converged => OptimalityCondition.None,
                SolveStatus.Infeasible => OptimalityCondition.PrimalFeasibility,
                _ => OptimalityCondition.DualFeasibility,
            })])
        {
            Outputs =
            [
                x,
                rows.Select(r => r.Objective).ToArray(),
                rows.Select(r => r.Multipliers is { Length: > 0 } y ? y : [double.NaN]).ToArray(),
                rows.Select(r => r.Active).ToArray(),
                rows.Select(r => r.Conflict).ToArray(),
            ],
        };
    }

    internal static SolveStatus StatusOf(ProgramStatus status) => status switch
    {
        ProgramStatus.Solved => SolveStatus.Converged,
        ProgramStatus.Infeasible => SolveStatus.Infeasible,
        ProgramStatus.Unbounded => SolveStatus.Unbounded,
        ProgramStatus.InvalidData => SolveStatus.InvalidData,
        _ => SolveStatus.IterationLimit,
    };

    /// <summary>The objective at any x.</summary>
    internal double Objective(ReadOnlySpan<double> row, ReadOnlySpan<double> x) => problem.Objective(row, x);

    /// <summary>x of decisions, shape <c>[rows, n]</c>.</summary>
    internal static Tensor Points(RowDecision[] rows) => tensor(rows.SelectMany(r => r.X).ToArray()).reshape(rows.Length, -1);

    internal RowDecision[] Decide(Tensor data, CancellationToken cancellationToken)
    {
        var (flat, rows) = (TensorNumbers.Of(data), (int)data.shape[0]);
        var size = definition.Size;
        var decisions = new RowDecision[rows];
        ParallelLoop.For(rows, (long)rows * size * size * 8, row =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            Interruption.Check();
            decisions[row] = problem.Solve(flat.AsSpan(row * DataSize, DataSize));
        });
        return decisions;
    }
}
