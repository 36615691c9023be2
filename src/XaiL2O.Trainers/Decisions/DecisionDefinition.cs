using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The best vector under constraints, row by row: min ½Σwᵢ(xᵢ − pᵢ)² + cᵀx + ½xᵀQx + Σκᵢ|xᵢ − x₀ᵢ| s.t. constraints, of which any part may be left out and all numbers may come from columns. With a point p
/// alone it is the nearest point that satisfies the constraints: what to do with the predictions of a model that does not know them.
/// </summary>
/// <remarks>
/// <para>Columns: those that <see cref="Point"/>, weights, objective and constraints name. Appended, in double precision: <c>Decision</c> (x, n numbers), <c>Objective</c>, <c>Multipliers</c> (the rate at
/// which the optimal value rises with each bound, with names of slots), the texts <c>ActiveConstraints</c> and <c>Conflict</c> (names, separated by <c>"; "</c>); properties: for each constraint its violation,
/// <c>&lt;Name&gt;.Value</c>, in the units of its bound, and with a point <c>DistanceMoved.Value</c>, √(Σwᵢ(xᵢ − pᵢ)²): a prediction that was moved far was not to be trusted.</para>
/// <para>Nothing is trained. Solutions are verified as <see cref="QuadraticProgram"/> says, to 10⁻⁸. A row whose constraints contradict each other has NaN, <c>Converged</c> = false, and
/// <c>Conflict</c> names them: without any one of these the others can be satisfied. So has a row whose objective has no end, with an empty <c>Conflict</c>, and one whose numbers are NaN, or infinite where they are no bounds.</para>
/// </remarks>
/// <seealso cref="VectorConstraint"/>
public sealed class DecisionDefinition : ModelDefinition
{
    /// <summary>Matrices of n² numbers are made.</summary>
    private const int LargestSize = 10_000;

    /// <summary>n, at most 10 000.</summary>
    public required int Size { get; init; }

    /// <summary>What x must satisfy. Required; may be empty.</summary>
    public required VectorConstraint[] Constraints { get; init; }

    /// <summary>The column of p, n numbers; null for no distance in the objective.</summary>
    public string? Point { get; init; }

    /// <summary>w, n numbers ≥ 0 or one for all; 1 when null.</summary>
    public RowNumbers? Weights { get; init; }

    /// <summary>c, n numbers or one for all; 0 when null.</summary>
    public RowNumbers? Costs { get; init; }

    /// <summary>Q, n×n, symmetric and positive semidefinite; 0 when null.</summary>
    public double[,]? Quadratic { get; init; }

    /// <summary>The diagonal of Q where rows have their own, n numbers ≥ 0 or one for all, added to <see cref="Quadratic"/>; 0 when null.</summary>
    public RowNumbers? QuadraticDiagonal { get; init; }

    /// <summary>κ, the cost of changes, n numbers ≥ 0 or one for all; 0 when null.</summary>
    public RowNumbers? ChangeCosts { get; init; }

    /// <summary>x₀, from which changes cost, n numbers or one for all; 0 when null.</summary>
    public RowNumbers? ChangesFrom { get; init; }

    /// <inheritdoc/>
    public override int DataSize => Inputs.Sum(c => c.Size);

    /// <summary>n.</summary>
    public override int InferenceSize => Size;

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Inputs =>
        [.. Reads().Where(r => r.Numbers.Column is not null).Select(r => new ModelColumn(r.Numbers.Column!, r.Numbers.SizeOf(r.Count))).DistinctBy(c => c.Name)];

    /// <inheritdoc/>
    public override IReadOnlyList<ModelColumn> Outputs =>
    [
        new("Decision", Size) { IsDouble = true },
        new("Objective", 0) { IsDouble = true },
        new("Multipliers", Math.Max(1, MultiplierNames.Count)) { IsDouble = true, SlotNames = MultiplierNames.Count == 0 ? ["none"] : MultiplierNames },
        new("ActiveConstraints", 0) { IsText = true },
        new("Conflict", 0) { IsText = true },
    ];

    /// <inheritdoc/>
    public override bool LearnsWeights => false;

    /// <inheritdoc/>
    public override void Validate()
    {
        Check.Whole(Size, 1, LargestSize);
        ArgumentNullException.ThrowIfNull(Constraints);
        for (var i = 0; i < Constraints.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(Constraints[i], $"{nameof(Constraints)}[{i}]");
            if (Constraints[i].Size is { } size && size != Size)
                throw new ArgumentException($"The constraint '{Constraints[i].Name}' is of vectors of {size} numbers; {nameof(Size)} is {Size}.");
            Constraints[i].Validate(Size);
        }

        if (Constraints.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ArgumentException($"{nameof(Constraints)}: two are named '{twice.Key}'; certificates tell them apart by their names.");
        if (Point is not null)
            ArgumentException.ThrowIfNullOrWhiteSpace(Point);
        Weights?.Validate(nameof(Weights), Size, 0, double.MaxValue);
        Costs?.Validate(nameof(Costs), Size, double.MinValue, double.MaxValue);
        QuadraticDiagonal?.Validate(nameof(QuadraticDiagonal), Size, 0, double.MaxValue);
        ChangeCosts?.Validate(nameof(ChangeCosts), Size, 0, double.MaxValue);
        ChangesFrom?.Validate(nameof(ChangesFrom), Size, double.MinValue, double.MaxValue);
        if (Quadratic is { } q)
        {
            if (q.GetLength(0) != Size || q.GetLength(1) != Size)
                throw new ArgumentException($"{nameof(Quadratic)} is {q.GetLength(0)}×{q.GetLength(1)}; it must be {Size}×{Size}.");
            _ = QuadraticForm.OfMatrix(QuadraticProgram.Flat(q), Size);
        }

        if (Point is null && Weights is not null)
            throw new ArgumentException($"{nameof(Weights)} weigh the distance from {nameof(Point)}, which is null.");
        if (ChangeCosts is null && ChangesFrom is not null)
            throw new ArgumentException($"{nameof(ChangesFrom)} is where changes cost from, but {nameof(ChangeCosts)} is null.");
        foreach (var group in Reads().Where(r => r.Numbers.Column is not null).GroupBy(r => r.Numbers.Column))
        {
            var sizes = group.Select(r => r.Numbers.SizeOf(r.Count)).Distinct().ToArray();
            if (sizes.Length > 1)
                throw new ArgumentException($"The column '{group.Key}' is read as {string.Join(" and as ", sizes.Order())} numbers; one column has one length.");
        }

        if (DataSize == 0)
            throw new ArgumentException("No column is read, so every row has the same solution; solve it once with QuadraticProgram.");
    }

    /// <summary>The columns side by side, in double precision.</summary>
    /// <inheritdoc/>
    public override Tensor Join(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return cat([.. inputs.Select(t => t.to(ScalarType.Float64))], 1);
    }

    /// <summary>The model; it computes in double precision on the CPU, whatever is asked for.</summary>
    /// <inheritdoc/>
    public override ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        Validate();
        return new DecisionModel(this);
    }

    /// <summary>Names of the bounded values, in the order of the constraints.</summary>
    internal IReadOnlyList<string> MultiplierNames =>
        [.. Constraints.SelectMany(c => Enumerable.Range(0, c.Count(Size)).Select(i => c.Count(Size) == 1 ? c.Name : c.Kind == ConstraintKind.Simplex && i == Size ? $"{c.Name}: total" : $"{c.Name}: {i}"))];

    /// <summary>Whether a column is read in more than one place.</summary>
    internal bool ReadsTwice(string column) => Reads().Count(r => r.Numbers.Column == column) > 1;

    private IEnumerable<(RowNumbers Numbers, int Count)> Reads()
    {
        if (Point is not null)
            yield return (Point, Size);
        foreach (var numbers in (RowNumbers?[])[Weights, Costs, QuadraticDiagonal, ChangeCosts, ChangesFrom])
        {
            if (numbers is not null)
                yield return (numbers, Size);
        }

        foreach (var read in Constraints.SelectMany(c => c.Reads(Size)))
            yield return read;
    }
}
