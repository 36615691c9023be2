using System.Text.Json.Serialization;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// What is certified: a column of property values, or a function of one or two columns. Values are at least 0; large ones are unusual, and small
/// ones too where <see cref="Sides"/> says so.
/// </summary>
/// <param name="Name">Name in the certificate's columns and in <c>FailedParts</c>.</param>
/// <param name="ColumnName">
/// Column with the values: a number of any type, or <see cref="bool"/> (true counts as 0, false as 1, and false fails: what must
/// hold is judged by a limit, unless a <see cref="Policy"/> asks for calibration).
/// <c><paramref name="Name"/>.Value</c> when null, as the implicit models name theirs. With a <see cref="Function"/>, its first argument,
/// which may be a vector of numbers; an empty vector is a missing one and fails.
/// </param>
/// <param name="Tolerance">
/// Value up to which the property counts as satisfied: smaller values are not told apart. At least 0. It is no limit: larger values pass wherever
/// enough calibration rows have them. For a requirement give <see cref="Limits"/>, for convergence <see cref="Convergence"/>.
/// </param>
public sealed record CertifiedProperty(string Name, string? ColumnName = null, double Tolerance = 0)
{
    /// <summary>The function of the columns; null to take the column's values as they are.</summary>
    [JsonIgnore]
    public PropertyFunction? Function { get; init; }

    /// <summary>Second argument of a <see cref="Function"/> of two columns.</summary>
    public string? SecondColumnName { get; init; }

    /// <summary>Absolute limits in place of calibrated ones; null for none.</summary>
    public ValueLimits? Limits { get; init; }

    /// <summary>Label probabilities of this property; those of <see cref="CertifierOptions.Policy"/> when null.</summary>
    public LabelPolicy? Policy { get; init; }

    /// <summary>
    /// Which values are unusual. When null: what the function says (<see cref="PropertyFunction.Sides"/>), or what the model gave with the column, as
    /// implicit models do for norms; otherwise large ones. Two-sided at level p takes 2/p − 1 calibration rows, 39 for 5 %.
    /// </summary>
    public Sides? Sides { get; init; }

    /// <summary>Whose property values the labels compare with. Anything but inferences needs <see cref="TruthColumnName"/>.</summary>
    public CalibrationSource CalibrateOn { get; init; } = CalibrationSource.Inferences;

    /// <summary>
    /// Column that takes the place of <see cref="ColumnName"/> to give the truths' values: with a <see cref="Function"/> the column of truths, else a
    /// column of their property values. Read when the certifier is fitted, and not when rows are judged.
    /// </summary>
    public string? TruthColumnName { get; init; }

    /// <summary>
    /// What usually causes a violation, a sentence for <c>Explanation</c>. When null: that of the function, or the text that the model gave
    /// with the column.
    /// </summary>
    public string? Cause { get; init; }

    /// <summary>A property that is a function of one or two columns.</summary>
    /// <param name="name">Name in the certificate's columns.</param>
    /// <param name="function">Function of one or two vectors.</param>
    /// <param name="columnName">Its first argument: a number, or a vector of numbers.</param>
    /// <param name="secondColumnName">Its second argument, for instance the measurements beside the inference; null for a function of one.</param>
    /// <param name="tolerance">Value up to which the property counts as satisfied.</param>
    public static CertifiedProperty Of(string name, PropertyFunction function, string columnName, string? secondColumnName = null, double tolerance = 0) =>
        new(name, columnName, tolerance) { Function = function, SecondColumnName = secondColumnName };

    /// <summary>
    /// Certifies that a solve converged, by a limit: a row whose solve did not converge fails, however many calibration rows did not converge
    /// either. Calibrated values of a residual give no such promise.
    /// </summary>
    /// <param name="columnName">Column that says whether the solve converged, <see cref="bool"/>.</param>
    /// <param name="name">Name in the certificate's columns.</param>
    public static CertifiedProperty Convergence(string columnName = "Converged", string name = "Convergence") =>
        new(name, columnName) { Limits = new ValueLimits { FailAbove = 0 } };

    /// <summary>
    /// Certifies that a number or a vector holds no NaN and no ∞, by a limit. Implicit models need it not, because all their property values are NaN
    /// where the inference is; after other models, properties need not look at every column that is used.
    /// </summary>
    /// <param name="columnName">Column that is used: a number, or a vector of numbers.</param>
    /// <param name="name">Name in the certificate's columns.</param>
    public static CertifiedProperty Finite(string columnName, string name = "Finite") =>
        Of(name, PropertyFunction.DistanceTo(TargetSet.Box(double.NegativeInfinity, double.PositiveInfinity)), columnName) with
        {
            Limits = new ValueLimits { FailAbove = 0 },
            Cause = "an input that is not finite, or so large that computing with it overflows",
        };

    internal string Column => ColumnName ?? Name + ".Value";

    /// <summary>Whether the certifier appends the value: not where it reads it from a column of that very name.</summary>
    internal bool AppendsValue => Function is not null || Column != Name + ".Value";

    /// <summary>Columns read of every row that is judged.</summary>
    internal IEnumerable<string> Columns => SecondColumnName is null ? [Column] : [Column, SecondColumnName];

    /// <summary>The same property of the truth; null where it is not needed.</summary>
    internal CertifiedProperty? OfTruth => CalibrateOn == CalibrationSource.Inferences ? null : this with { ColumnName = TruthColumnName };

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Name);
        if (Name.Contains(CertificateColumns.PartSeparator, StringComparison.Ordinal))
            throw new ArgumentException($"The name '{Name}' holds \"{CertificateColumns.PartSeparator}\", which separates names in {CertificateColumns.FailedParts} and {CertificateColumns.WarnedParts}. Choose a name without it.");
        if (!(Tolerance >= 0 && double.IsFinite(Tolerance)))
            throw new ArgumentException($"{nameof(Tolerance)} = {Tolerance} of '{Name}' is out of range; it must be finite and at least 0.");
        foreach (var (option, column) in new[] { (nameof(ColumnName), ColumnName), (nameof(SecondColumnName), SecondColumnName), (nameof(TruthColumnName), TruthColumnName) })
        {
            if (column is not null && string.IsNullOrWhiteSpace(column))
                throw new ArgumentException($"{option} of '{Name}' is empty; it must name a column, or be null for none.");
        }

        if (Function is null && SecondColumnName is not null)
            throw new ArgumentException($"'{Name}' has a second column and no {nameof(Function)} to combine the two.");
        if (Function is { } function)
        {
            if (ColumnName is null)
                throw new ArgumentException($"'{Name}' has a {nameof(Function)}; name the column it takes.");
            if (function.Arity is not (1 or 2) || function.Arity == 2 != SecondColumnName is not null)
                throw new ArgumentException($"The function of '{Name}' takes {function.Arity} columns; got {Columns.Count()}.");
            if (!PropertyRegistry.IsRegistered(function.Describe().Kind))
                throw new ArgumentException($"The function of '{Name}' is of kind '{function.Describe().Kind}', which is not registered, so a saved model could not find it. Call {nameof(PropertyRegistry)}.{nameof(PropertyRegistry.Register)} first.");
        }

        if (!Enum.IsDefined(CalibrateOn) || (Sides is { } sides && !Enum.IsDefined(sides)))
            throw new ArgumentException($"{nameof(CalibrateOn)} = {CalibrateOn} and {nameof(Sides)} = {Sides} of '{Name}' must be a {nameof(CalibrationSource)} and one of {nameof(Certifiers.Sides)}.");
        if (TruthColumnName is null && CalibrateOn != CalibrationSource.Inferences)
            throw new ArgumentException($"'{Name}' is calibrated on {CalibrateOn}; name the column of truths ({nameof(TruthColumnName)}).");
        if (TruthColumnName is not null && CalibrateOn == CalibrationSource.Inferences)
            throw new ArgumentException($"'{Name}' has {nameof(TruthColumnName)} = '{TruthColumnName}', which has no effect while {nameof(CalibrateOn)} is {CalibrateOn}.");
        if (Limits is not null && (CalibrateOn != CalibrationSource.Inferences || Sides == Certifiers.Sides.TwoSided))
            throw new ArgumentException($"'{Name}' has {nameof(Limits)}, which take the place of calibration; {nameof(CalibrateOn)} and {nameof(Sides)} have no effect beside them.");
        Limits?.Validate();
        Policy?.Validate();
    }
}
