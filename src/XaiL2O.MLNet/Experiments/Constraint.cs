using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>What the rows of a fitted pipeline must keep to, measured on the validation rows.</summary>
public sealed class Constraint
{
    private readonly Func<IDataView, double> measure;

    private Constraint(string name, double atMost, IReadOnlyList<string> columns, Func<IDataView, double> measure)
    {
        if (double.IsNaN(atMost))
            throw new ArgumentOutOfRangeException(nameof(atMost), atMost, $"{nameof(atMost)} = {atMost} of '{name}' is out of range; it must be a number.");
        (Name, AtMost, Columns, this.measure) = (name, atMost, columns, measure);
    }

    /// <summary>Name in histories and files.</summary>
    public string Name { get; }

    /// <summary>Largest value allowed.</summary>
    public double AtMost { get; }

    internal IReadOnlyList<string> Columns { get; }

    /// <summary>Limits the share of rows that are not trustworthy.</summary>
    /// <param name="atMost">Largest share, in [0, 1].</param>
    public static Constraint FailRate(double atMost) =>
        new("fail rate", CheckShare(atMost), [CertificateColumns.Trustworthy], view => CertificateReader.FailRate(view)
            ?? throw new InvalidOperationException($"There is no column '{CertificateColumns.Trustworthy}' to take a fail rate from; name properties by {nameof(Experiment.Certify)}, or append a certifier in the pipeline."));

    /// <summary>Limits the share of rows that fail one certificate at its own level.</summary>
    /// <param name="part">Name of the certified property.</param>
    /// <param name="atMost">Largest share, in [0, 1].</param>
    public static Constraint FailRate(string part, double atMost)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(part);
        return new($"fail rate of {part}", CheckShare(atMost), [part + ".Label"], view => CertificateReader.Rates(view).FirstOrDefault(r => r.Part == part)?.Fail
            ?? throw new InvalidOperationException($"No certificate is named '{part}'; there are {string.Join(", ", CertificateColumns.Parts(view.Schema).DefaultIfEmpty("none"))}."));
    }

    /// <summary>Limits a function of the user's.</summary>
    /// <param name="name">Name in histories and files.</param>
    /// <param name="measure">Function of the validation rows as the pipeline, and the certifier where there is one, made them; NaN breaks the constraint.</param>
    /// <param name="atMost">Largest value allowed.</param>
    public static Constraint Of(string name, Func<IDataView, double> measure, double atMost)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(measure);
        return new(name, atMost, [], measure);
    }

    /// <summary>Measures rows.</summary>
    /// <param name="rows">Rows with the columns that the constraint reads.</param>
    public ConstraintValue Measure(IDataView rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new ConstraintValue(Name, measure(rows), AtMost);
    }

    /// <summary>Name and limit.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ≤ {AtMost}");

    private static double CheckShare(double atMost) => atMost is >= 0 and <= 1
        ? atMost
        : throw new ArgumentOutOfRangeException(nameof(atMost), atMost, $"{nameof(atMost)} = {atMost} is out of range; it must lie in [0, 1].");
}
