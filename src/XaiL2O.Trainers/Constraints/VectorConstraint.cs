namespace XaiL2O.Trainers;

/// <summary>
/// A constraint on a vector x of n numbers, whose numbers are the same for all rows or come from columns. Plain data, which model zips hold: made by the methods of this class, such as
/// <c>VectorConstraint.Sum("Budget", upper: "Budgets")</c>.
/// </summary>
public sealed class VectorConstraint
{
    /// <summary>The name in columns, certificates and messages.</summary>
    public required string Name { get; init; }

    /// <summary>What it asks.</summary>
    public required ConstraintKind Kind { get; init; }

    /// <summary>C, row-major, of <see cref="Rows"/> rows; null for the identity, where <see cref="Kind"/> takes a matrix.</summary>
    public RowNumbers? Matrix { get; init; }

    /// <summary>Number of rows of C; 0 where there is no C.</summary>
    public int Rows { get; init; }

    /// <summary>l; null for none.</summary>
    public RowNumbers? Lower { get; init; }

    /// <summary>u: an upper bound, a total or a radius; null for none.</summary>
    public RowNumbers? Upper { get; init; }

    /// <summary>c, the centre of a ball; null for 0.</summary>
    public RowNumbers? Centre { get; init; }

    /// <summary>l ≤ Cx ≤ u.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="matrix">C, one row per constraint and n columns.</param>
    /// <param name="lower">l, one number per row of C, −∞ for none; null for none at all.</param>
    /// <param name="upper">u, likewise.</param>
    public static VectorConstraint Linear(string name, double[,] matrix, RowNumbers? lower = null, RowNumbers? upper = null)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return LinearByRow(name, RowNumbers.Of(QuadraticProgram.Flat(matrix)), matrix.GetLength(0), lower, upper);
    }

    /// <summary>l ≤ Cx ≤ u with a matrix that rows may have of their own.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="matrix">C, row-major: a column of each row, or rows·n numbers. For one row these are weights, such as prices in a budget.</param>
    /// <param name="rows">Number of rows of C.</param>
    /// <param name="lower">l, one number per row of C, −∞ for none; null for none at all.</param>
    /// <param name="upper">u, likewise.</param>
    public static VectorConstraint LinearByRow(string name, RowNumbers matrix, int rows, RowNumbers? lower = null, RowNumbers? upper = null) =>
        new() { Name = name, Kind = ConstraintKind.Linear, Matrix = matrix, Rows = rows, Lower = lower, Upper = upper };

    /// <summary>Ax = b.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="matrix">A, one row per equation and n columns.</param>
    /// <param name="values">b, one number per row of A.</param>
    public static VectorConstraint Equality(string name, double[,] matrix, RowNumbers values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Linear(name, matrix, values, values);
    }

    /// <summary>l ≤ x ≤ u, entry by entry.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="lower">l, n numbers or one for all; null for none.</param>
    /// <param name="upper">u, likewise.</param>
    public static VectorConstraint Bounds(string name, RowNumbers? lower = null, RowNumbers? upper = null) => new() { Name = name, Kind = ConstraintKind.Bounds, Lower = lower, Upper = upper };

    /// <summary>l ≤ Σxᵢ ≤ u, such as a budget or a demand; with both the same, a total.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="lower">l, one number; null for none.</param>
    /// <param name="upper">u, one number; null for none.</param>
    public static VectorConstraint Sum(string name, RowNumbers? lower = null, RowNumbers? upper = null) => new() { Name = name, Kind = ConstraintKind.Sum, Lower = lower, Upper = upper };

    /// <summary>x ≥ 0 and Σxᵢ = total: shares.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="total">One number; 1 when null.</param>
    public static VectorConstraint Simplex(string name, RowNumbers? total = null) => new() { Name = name, Kind = ConstraintKind.Simplex, Upper = total ?? 1 };

    /// <summary>Sums of the entries of each group, between bounds: budgets of departments, capacities of sites.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="groups">The group of each entry, n numbers from 0 on.</param>
    /// <param name="lower">One number per group; null for none.</param>
    /// <param name="upper">One number per group; null for none.</param>
    public static VectorConstraint GroupSums(string name, IReadOnlyList<int> groups, RowNumbers? lower = null, RowNumbers? upper = null)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (groups.Count == 0 || groups.Min() < 0)
            throw new ArgumentException($"{name}: {groups.Count} groups of entries{(groups.Count == 0 ? "" : $", the least is {groups.Min()}")}; there must be one for each entry, from 0 on.", nameof(groups));
        var matrix = new double[groups.Max() + 1, groups.Count];
        for (var i = 0; i < groups.Count; i++)
            matrix[groups[i], i] = 1;
        return Linear(name, matrix, lower, upper);
    }

    /// <summary>x₁ ≤ x₂ ≤ …, such as quantiles.</summary>
    /// <param name="name">Name in columns and messages.</param>
    public static VectorConstraint Rising(string name) => new() { Name = name, Kind = ConstraintKind.Rising };

    /// <summary>x₁ ≥ x₂ ≥ …</summary>
    /// <param name="name">Name in columns and messages.</param>
    public static VectorConstraint Falling(string name) => new() { Name = name, Kind = ConstraintKind.Falling };

    /// <summary>‖x − c‖₁ ≤ limit: turnover, or a ball that leaves few entries.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="limit">One number.</param>
    /// <param name="from">c, n numbers or one for all; 0 when null.</param>
    public static VectorConstraint Turnover(string name, RowNumbers limit, RowNumbers? from = null) => new() { Name = name, Kind = ConstraintKind.AbsoluteSum, Upper = limit, Centre = from };

    /// <summary>‖x − c‖₂ ≤ radius.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="radius">One number ≥ 0.</param>
    /// <param name="centre">c, n numbers or one for all; 0 when null.</param>
    public static VectorConstraint Ball(string name, RowNumbers radius, RowNumbers? centre = null) => new() { Name = name, Kind = ConstraintKind.Norm, Upper = radius, Centre = centre };

    /// <summary>‖Cx − c‖₂ ≤ radius: a second-order cone, such as a limit of risk.</summary>
    /// <param name="name">Name in columns and messages.</param>
    /// <param name="matrix">C, any number of rows and n columns.</param>
    /// <param name="radius">One number ≥ 0.</param>
    /// <param name="centre">c, one number per row of C or one for all; 0 when null.</param>
    public static VectorConstraint Cone(string name, double[,] matrix, RowNumbers radius, RowNumbers? centre = null)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return new() { Name = name, Kind = ConstraintKind.Norm, Matrix = RowNumbers.Of(QuadraticProgram.Flat(matrix)), Rows = matrix.GetLength(0), Upper = radius, Centre = centre };
    }

    /// <summary>Number of values that are bounded.</summary>
    internal int Count(int size) => Kind switch
    {
        ConstraintKind.Linear => Rows,
        ConstraintKind.Bounds => size,
        ConstraintKind.Simplex => size + 1,
        ConstraintKind.Rising or ConstraintKind.Falling => size - 1,
        _ => 1,
    };

    /// <summary>Number of entries of Cx.</summary>
    internal int ImageSize(int size) => Matrix is null ? size : Rows;

    /// <summary>The length of x that its numbers fix; null where any will do.</summary>
    internal int? Size => Matrix?.Values is { } values && Rows > 0 ? values.Length / Rows
        : Kind == ConstraintKind.Bounds ? new[] { Lower, Upper }.Select(b => b?.Values?.Length).FirstOrDefault(k => k > 1)
        : Kind is ConstraintKind.AbsoluteSum or ConstraintKind.Norm && Matrix is null && Centre?.Values is { Length: > 1 } centre ? centre.Length : null;

    /// <summary>What it reads, with how many numbers of each.</summary>
    internal IEnumerable<(RowNumbers Numbers, int Count)> Reads(int size)
    {
        if (Matrix is not null)
            yield return (Matrix, Rows * size);
        var bounded = Kind switch { ConstraintKind.Linear => Rows, ConstraintKind.Bounds => size, _ => 1 };
        if (Lower is not null)
            yield return (Lower, bounded);
        if (Upper is not null)
            yield return (Upper, bounded);
        if (Centre is not null)
            yield return (Centre, ImageSize(size));
    }

    /// <summary>Throws unless its numbers fit a vector of a length.</summary>
    internal void Validate(int size)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Name, nameof(Name));
        Check.Defined(Kind);
        var isBall = Kind is ConstraintKind.AbsoluteSum or ConstraintKind.Norm;
        void Within(string part, RowNumbers? numbers, int needed, double lowest, double highest) => numbers?.Validate($"The constraint '{Name}': {part}", needed, lowest, highest);
        if (Matrix is not null && Kind is not (ConstraintKind.Linear or ConstraintKind.Norm or ConstraintKind.AbsoluteSum))
            throw new ArgumentException($"The constraint '{Name}' of kind {Kind} takes no {nameof(Matrix)}.");
        if ((Kind == ConstraintKind.Linear) && Matrix is null)
            throw new ArgumentException($"The constraint '{Name}' has no {nameof(Matrix)}.");
        if (Matrix is not null)
        {
            if (Rows < 1)
                throw new ArgumentException($"The constraint '{Name}': {nameof(Rows)} = {Rows} is out of range; it must be at least 1.");
            if (Matrix.IsSingle || (Matrix.Values is { } values && values.Length != Rows * size))
                throw new ArgumentException($"The constraint '{Name}': the matrix has {(Matrix.Values is null ? 1 : Matrix.Values.Length)} numbers; {Rows} rows for vectors of {size} are {Rows * size}.");
            Within("the matrix", Matrix, Rows * size, double.MinValue, double.MaxValue);
        }

        if (Kind is ConstraintKind.Linear or ConstraintKind.Bounds or ConstraintKind.Sum ? Lower is null && Upper is null : Kind is not (ConstraintKind.Rising or ConstraintKind.Falling) && Upper is null)
            throw new ArgumentException($"The constraint '{Name}' of kind {Kind} has no bound: give {(isBall || Kind == ConstraintKind.Simplex ? nameof(Upper) : $"{nameof(Lower)} or {nameof(Upper)}")}.");
        var bounded = Kind switch { ConstraintKind.Linear => Rows, ConstraintKind.Bounds => size, _ => 1 };
        Within(nameof(Lower), Lower, bounded, double.NegativeInfinity, double.MaxValue);
        Within(nameof(Upper), Upper, bounded, isBall ? 0 : double.MinValue, Kind == ConstraintKind.Simplex ? double.MaxValue : double.PositiveInfinity);
        Within(nameof(Centre), Centre, ImageSize(size), double.MinValue, double.MaxValue);
    }
}
