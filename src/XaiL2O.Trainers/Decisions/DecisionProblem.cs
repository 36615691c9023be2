using System.Numerics.Tensors;

namespace XaiL2O.Trainers;

/// <summary>
/// A <see cref="DecisionDefinition"/> as programs in x and lifted numbers t: |v| ≤ t stands for absolute values of an objective or a constraint. Where no matrix is a row's own, all rows share one program.
/// </summary>
internal sealed class DecisionProblem
{
    private const string Separator = "; ";

    private readonly DecisionDefinition definition;
    private readonly int n;
    private readonly int dataSize;
    private int width; // of x and t
    private readonly List<Block> blocks = [];
    private readonly List<Ball> balls = [];
    private readonly List<int> owner = []; // the constraint that a row of the program belongs to, −1 for costs of changes
    private readonly List<int> reported = []; // the row, or −1 − ball, of each multiplier that is reported
    private readonly NumberReader? point;
    private readonly NumberReader weights;
    private readonly NumberReader costs;
    private readonly NumberReader diagonal;
    private readonly NumberReader? changeCosts;
    private readonly NumberReader changesFrom;
    private readonly double[]? quadratic;
    private readonly double[] constants; // C without what rows have of their own
    private readonly (QuadraticForm Form, QuadraticProgram Program)? shared;

    public DecisionProblem(DecisionDefinition definition)
    {
        this.definition = definition;
        var inputs = definition.Inputs;
        (n, width, dataSize) = (definition.Size, definition.Size, inputs.Sum(c => c.Size));
        NumberReader Reader(RowNumbers? numbers, int count, double otherwise) => new(numbers, count, inputs, otherwise);
        point = definition.Point is { } name ? Reader(name, n, 0) : null;
        weights = Reader(definition.Weights, n, 1);
        costs = Reader(definition.Costs, n, 0);
        diagonal = Reader(definition.QuadraticDiagonal, n, 0);
        changeCosts = definition.ChangeCosts is null ? null : Reader(definition.ChangeCosts, n, 0);
        changesFrom = Reader(definition.ChangesFrom, n, 0);
        quadratic = definition.Quadratic is { } q ? QuadraticProgram.Flat(q) : null;
        for (var c = 0; c < definition.Constraints.Length; c++)
            Add(definition.Constraints[c], c, Reader);
        if (changeCosts is not null)
        {
            blocks.Add(new Block(ConstraintKind.AbsoluteSum, owner.Count, width, n, null, null, null, changesFrom) { IsCost = true });
            owner.AddRange(Enumerable.Repeat(-1, 2 * n));
            width += n;
        }

        constants = new double[owner.Count * width];
        foreach (var block in blocks)
            Fill(block, constants);
        if (blocks.All(b => b.Matrix is null or { IsConstant: true }) && (point is null || weights.IsConstant) && diagonal.IsConstant)
        {
            FillMatrices(constants, []);
            var form = Form([])!;
            shared = (form, new QuadraticProgram(form, constants));
        }
    }

    /// <summary>Rows of the program that belong together.</summary>
    private sealed record Block(ConstraintKind Kind, int Start, int Lifted, int Image, NumberReader? Matrix, NumberReader? Lower, NumberReader? Upper, NumberReader? Centre)
    {
        /// <summary>Whether it makes absolute values for the objective, without a limit of their sum.</summary>
        public bool IsCost { get; init; }
    }

    private sealed record Ball(int Constraint, NumberReader? Matrix, NumberReader Centre, NumberReader Radius);

    /// <summary>The decision of a row.</summary>
    /// <param name="row">d.</param>
    public RowDecision Solve(ReadOnlySpan<double> row)
    {
        var m = owner.Count;
        if (row.Length != dataSize)
            throw new ArgumentException($"A row has {row.Length} numbers; the definition reads {dataSize}.", nameof(row));
        var (g, l, u) = (new double[width], new double[m], new double[m]);
        var (form, program) = (shared?.Form, shared?.Program);
        if (!Bounds(row, l, u) || !Gradient(row, g))
            return Invalid();
        var rows = constants;
        if (program is null)
        {
            rows = [.. constants];
            FillMatrices(rows, row);
            if (TensorPrimitives.IsFiniteAll<double>(rows) is false && rows.Length > 0)
                return Invalid();
            if (Form(row) is not { } own)
                return Invalid();
            form = own;
        }

        var around = new NormBall[balls.Count];
        for (var j = 0; j < around.Length; j++)
        {
            var (matrix, centre, radius) = (balls[j].Matrix?.ToArray(row), balls[j].Centre.ToArray(row), balls[j].Radius.Get(row, 0));
            if (double.IsNaN(radius) || !centre.All(double.IsFinite) || matrix?.All(double.IsFinite) == false)
                return Invalid();
            around[j] = new NormBall(matrix, centre, radius);
        }

        program ??= new QuadraticProgram(form!, rows);
        var solution = around.Length == 0 ? program.Solve(g, l, u) : ConeProgram.Solve(form!, rows, g, l, u, around);
        var conflict = solution.Status == ProgramStatus.Infeasible ? Conflict(solution, rows, l, u, around) : [];
        var x = solution.X[..n];
        return new RowDecision(
            solution,
            x,
            Objective(row, x),
            [.. reported.Select(r => solution.Multipliers[r >= 0 ? r : m - 1 - r])],
            Names(Owners(Enumerable.Range(0, solution.Active.Length).Where(i => solution.Active[i] != ActiveBound.None && solution.Multipliers[i] != 0))),
            Names(conflict));
    }

    /// <summary>√(Σwᵢ(xᵢ − pᵢ)²).</summary>
    public double Moved(ReadOnlySpan<double> row, ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        for (var i = 0; i < n; i++)
            sum += weights.Get(row, i) * (x[i] - point!.Get(row, i)) * (x[i] - point.Get(row, i));
        return Math.Sqrt(sum);
    }

    /// <summary>The most by which x breaks a constraint, in the units of its bound; 0 where it does not.</summary>
    public double Violation(int constraint, ReadOnlySpan<double> row, ReadOnlySpan<double> x)
    {
        if (balls.Find(b => b.Constraint == constraint) is { } ball)
            return Math.Max(0, Distance(ball.Matrix, ball.Centre, row, x, euclidean: true) - ball.Radius.Get(row, 0));
        var block = blocks.Find(b => !b.IsCost && owner[b.Start] == constraint);
        if (block is null)
            return 0;
        if (block.Kind == ConstraintKind.AbsoluteSum)
            return Math.Max(0, Distance(block.Matrix, block.Centre!, row, x, euclidean: false) - block.Upper!.Get(row, 0));
        var (count, most) = (definition.Constraints[constraint].Count(n), 0.0);
        for (var i = 0; i < count; i++)
        {
            var (lower, upper) = Bound(block, row, i);
            var value = block.Kind switch
            {
                ConstraintKind.Linear => Product(block.Matrix!, row, i, x),
                ConstraintKind.Sum => TensorPrimitives.Sum(x),
                ConstraintKind.Simplex when i == n => TensorPrimitives.Sum(x),
                ConstraintKind.Rising or ConstraintKind.Falling => x[i + 1] - x[i],
                _ => x[i],
            };
            most = Math.Max(most, Math.Max(lower - value, value - upper));
        }

        return most;
    }

    private void Add(VectorConstraint c, int index, Func<RowNumbers?, int, double, NumberReader> reader)
    {
        var (count, image) = (c.Count(n), c.ImageSize(n));
        var matrix = c.Matrix is null ? null : reader(c.Matrix, c.Rows * n, 0);
        var bounded = c.Kind switch { ConstraintKind.Linear => c.Rows, ConstraintKind.Bounds => n, _ => 1 };
        var (lower, upper, centre) = (reader(c.Lower, bounded, double.NegativeInfinity), reader(c.Upper, bounded, double.PositiveInfinity), reader(c.Centre, image, 0));
        if (c.Kind == ConstraintKind.Norm)
        {
            reported.Add(-1 - balls.Count);
            balls.Add(new Ball(index, matrix, centre, upper));
            return;
        }

        if (count == 0)
            return;
        var isAbsolute = c.Kind == ConstraintKind.AbsoluteSum;
        blocks.Add(new Block(c.Kind, owner.Count, width, isAbsolute ? image : 0, matrix, lower, upper, centre));
        if (isAbsolute)
        {
            owner.AddRange(Enumerable.Repeat(index, 2 * image));
            width += image;
        }

        reported.AddRange(Enumerable.Range(owner.Count, count));
        owner.AddRange(Enumerable.Repeat(index, count));
    }

    /// <summary>Coefficients that no row has of its own.</summary>
    private void Fill(Block block, double[] to)
    {
        Span<double> Row(int i) => to.AsSpan((block.Start + i) * width, width);
        switch (block.Kind)
        {
            case ConstraintKind.Bounds:
                for (var i = 0; i < n; i++)
                    Row(i)[i] = 1;
                break;
            case ConstraintKind.Sum:
                Row(0)[..n].Fill(1);
                break;
            case ConstraintKind.Simplex:
                for (var i = 0; i < n; i++)
                    Row(i)[i] = 1;
                Row(n)[..n].Fill(1);
                break;
            case ConstraintKind.Rising or ConstraintKind.Falling:
                for (var i = 0; i < n - 1; i++)
                    (Row(i)[i], Row(i)[i + 1]) = (-1, 1);
                break;
            case ConstraintKind.AbsoluteSum:
                for (var i = 0; i < block.Image; i++)
                {
                    // t − v ≥ −c and t + v ≥ c, v = Cx.
                    (Row(2 * i)[block.Lifted + i], Row((2 * i) + 1)[block.Lifted + i]) = (1, 1);
                    if (block.Matrix is null)
                        (Row(2 * i)[i], Row((2 * i) + 1)[i]) = (-1, 1);
                }

                if (!block.IsCost)
                    Row(2 * block.Image).Slice(block.Lifted, block.Image).Fill(1);
                break;
        }
    }

    private void FillMatrices(double[] to, ReadOnlySpan<double> row)
    {
        foreach (var block in blocks)
        {
            if (block.Matrix is not { } matrix)
                continue;
            for (var i = 0; i < matrix.Count; i++)
            {
                var (r, j, value) = (i / n, i % n, matrix.Get(row, i));
                if (block.Kind == ConstraintKind.Linear)
                    to[((block.Start + r) * width) + j] = value;
                else
                    (to[((block.Start + (2 * r)) * width) + j], to[((block.Start + (2 * r) + 1) * width) + j]) = (-value, value);
            }
        }
    }

    /// <summary>H; null where a row's weights are no weights.</summary>
    private QuadraticForm? Form(ReadOnlySpan<double> row)
    {
        var values = new double[width];
        for (var i = 0; i < n; i++)
        {
            var (weight, own) = (point is null ? 0 : weights.Get(row, i), diagonal.Get(row, i));
            if (!(weight >= 0 && own >= 0 && double.IsFinite(weight + own)))
                return null;
            values[i] = weight + own;
        }

        if (quadratic is null)
            return QuadraticForm.OfDiagonal(values);
        var h = new double[width * width];
        for (var i = 0; i < width; i++)
        {
            if (i < n)
                quadratic.AsSpan(i * n, n).CopyTo(h.AsSpan(i * width));
            h[(i * width) + i] += values[i];
        }

        return QuadraticForm.OfMatrix(h, width);
    }

    private bool Gradient(ReadOnlySpan<double> row, double[] g)
    {
        for (var i = 0; i < n; i++)
            g[i] = costs.Get(row, i) - (point is null ? 0 : weights.Get(row, i) * point.Get(row, i));
        if (changeCosts is not null)
        {
            for (var i = 0; i < n; i++)
            {
                g[width - n + i] = changeCosts.Get(row, i);
                if (!(changeCosts.Get(row, i) >= 0))
                    return false;
            }
        }

        return TensorPrimitives.IsFiniteAll<double>(g);
    }

    private bool Bounds(ReadOnlySpan<double> row, double[] l, double[] u)
    {
        foreach (var block in blocks)
        {
            var next = block.Start;
            if (block.Kind == ConstraintKind.AbsoluteSum)
            {
                for (var i = 0; i < block.Image; i++, next += 2)
                {
                    var centre = block.Centre!.Get(row, i);
                    if (!double.IsFinite(centre))
                        return false;
                    (l[next], l[next + 1]) = (-centre, centre);
                    (u[next], u[next + 1]) = (double.PositiveInfinity, double.PositiveInfinity);
                }

                if (!block.IsCost)
                    (l[next], u[next]) = (double.NegativeInfinity, block.Upper!.Get(row, 0));
                continue;
            }

            for (var i = 0; next < l.Length && owner[next] == owner[block.Start]; i++, next++)
                (l[next], u[next]) = Bound(block, row, i);
        }

        return true;
    }

    private (double Lower, double Upper) Bound(Block block, ReadOnlySpan<double> row, int i) => block.Kind switch
    {
        ConstraintKind.Simplex => i < n ? (0, double.PositiveInfinity) : (block.Upper!.Get(row, 0), block.Upper.Get(row, 0)),
        ConstraintKind.Rising => (0, double.PositiveInfinity),
        ConstraintKind.Falling => (double.NegativeInfinity, 0),
        _ => (block.Lower!.Get(row, i), block.Upper!.Get(row, i)),
    };

    public double Objective(ReadOnlySpan<double> row, ReadOnlySpan<double> x)
    {
        var value = 0.0;
        if (point is not null && Moved(row, x) is var moved)
            value += 0.5 * moved * moved;
        for (var i = 0; i < n; i++)
        {
            value += (costs.Get(row, i) * x[i]) + (0.5 * diagonal.Get(row, i) * x[i] * x[i]);
            if (changeCosts is not null)
                value += changeCosts.Get(row, i) * Math.Abs(x[i] - changesFrom.Get(row, i));
            if (quadratic is not null)
                value += 0.5 * x[i] * TensorPrimitives.Dot<double>(quadratic.AsSpan(i * n, n), x);
        }

        return value;
    }

    private double Product(NumberReader matrix, ReadOnlySpan<double> row, int i, ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        for (var j = 0; j < n; j++)
            sum += matrix.Get(row, (i * n) + j) * x[j];
        return sum;
    }

    private double Distance(NumberReader? matrix, NumberReader centre, ReadOnlySpan<double> row, ReadOnlySpan<double> x, bool euclidean)
    {
        var sum = 0.0;
        for (var i = 0; i < centre.Count; i++)
        {
            var value = (matrix is null ? x[i] : Product(matrix, row, i, x)) - centre.Get(row, i);
            sum += euclidean ? value * value : Math.Abs(value);
        }

        return euclidean ? Math.Sqrt(sum) : sum;
    }

    /// <summary>
    /// The constraints that contradict each other, none of which can be left out. The proof of a program is so in its rows; but the constraints that these belong to have more of them, which may do without one.
    /// </summary>
    private int[] Conflict(ProgramSolution solution, double[] rows, double[] l, double[] u, NormBall[] around)
    {
        var needed = Owners(solution.Conflict);
        for (var next = 0; next < needed.Length && needed.Length > 1;)
        {
            int[] others = [.. needed.Where((_, i) => i != next)];
            bool Stays(int i) => owner[i] < 0 || others.Contains(owner[i]);
            var without = ConeProgram.Solve(
                QuadraticForm.Identity(width),
                rows,
                new double[width],
                [.. l.Select((v, i) => Stays(i) ? v : double.NegativeInfinity)],
                [.. u.Select((v, i) => Stays(i) ? v : double.PositiveInfinity)],
                [.. around.Select((b, j) => others.Contains(balls[j].Constraint) ? b : b with { Radius = double.PositiveInfinity })]);
            if (without.Status == ProgramStatus.Infeasible)
                (needed, next) = (Owners(without.Conflict), 0);
            else
                next++;
        }

        return needed;
    }

    private int[] Owners(IEnumerable<int> rows) => [.. rows.Select(i => i < owner.Count ? owner[i] : balls[i - owner.Count].Constraint).Where(c => c >= 0).Distinct().Order()];

    private string Names(IEnumerable<int> constraints) => string.Join(Separator, constraints.Select(c => definition.Constraints[c].Name));

    private RowDecision Invalid()
    {
        double[] Nothing(int count) => [.. Enumerable.Repeat(double.NaN, count)];
        var m = owner.Count + balls.Count;
        return new(new(ProgramStatus.InvalidData, Nothing(width), Nothing(m), new ActiveBound[m], double.NaN, double.PositiveInfinity, 0), Nothing(n), double.NaN, Nothing(reported.Count), "", "");
    }
}
