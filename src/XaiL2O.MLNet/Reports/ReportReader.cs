using System.Globalization;
using Microsoft.ML;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Gathers judged rows for a report.</summary>
internal static class ReportReader
{
    public static CertificateReport Read(ITransformer model, IDataView judged, ReportOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(judged);
        var transformer = FindCertifier(model) ?? throw new ArgumentException("The model contains no certifier, so there is nothing to report. Append Certify(…).", nameof(model));
        var certifier = transformer.Certifier;
        string?[] extra = [transformer.Options.GroupColumnName, options.SetColumnName, options.RowNameColumnName];
        foreach (var name in extra.OfType<string>())
            ColumnCheck.Group(judged.Schema, name);
        string[] values = [.. certifier.Properties.Select(p => p.Name + ".Value")];
        foreach (var name in values)
            ColumnCheck.Property(judged.Schema, name);

        if ((options.EstimateColumnName is null) != (options.TruthColumnName is null))
            throw new ArgumentException($"{nameof(ReportOptions.EstimateColumnName)} and {nameof(ReportOptions.TruthColumnName)} go together: an error needs both; got '{options.EstimateColumnName}' and '{options.TruthColumnName}'.", nameof(options));
        var (estimate, truth) = (options.EstimateColumnName, options.TruthColumnName);
        string[] compared = estimate is null ? [] : [estimate, truth!];
        foreach (var name in compared)
            ColumnCheck.Argument(judged.Schema, name);
        var builder = new ReportBuilder(certifier, options.Title) { Summary = options.Summary, WorstRows = options.WorstRows, ErrorMeasure = $"‖{estimate} − {truth}‖/‖{truth}‖" };
        for (var i = 0; i < certifier.Properties.Count; i++)
            builder.Describe(certifier.Properties[i].Name, Describe(transformer.Options.Properties[i]));
        using var cursor = judged.GetRowCursor(values.Concat(extra.OfType<string>()).Concat(compared).Distinct().Select(name => judged.Schema[name]));
        var getters = values.Select(name => PropertyGetter.Scalar(cursor, judged.Schema[name])).ToArray();
        var readers = extra.Select(name => name is null ? null : GroupReader.Create(cursor, judged.Schema[name])).ToArray();
        VectorReader[] errors = [.. compared.Select(name => VectorReader.Create(cursor, judged.Schema[name]))];
        var row = new double[getters.Length];
        while (cursor.MoveNext())
        {
            for (var i = 0; i < row.Length; i++)
                row[i] = getters[i]();
            var set = readers[1]?.Read().ToString() ?? "";
            builder.Add(
                row,
                readers[1] is null ? "" : set.Length == 0 ? options.EmptySetName : set,
                readers[2]?.Read().ToString() ?? string.Create(CultureInfo.InvariantCulture, $"row {cursor.Position}"),
                readers[0]?.Read().ToString(),
                errors.Length == 0 ? null : Error(errors[0].Read().ToArray(), errors[1].Read().ToArray(), truth!));
        }

        return builder.Build();
    }

    public static CertifierTransformer? FindCertifier(ITransformer model) => model switch
    {
        CertifierTransformer certifier => certifier,
        IEnumerable<ITransformer> chain => chain.Reverse().Select(FindCertifier).FirstOrDefault(found => found is not null),
        _ => null,
    };

    /// <summary>‖estimate − truth‖/‖truth‖, NaN without an estimate; null without a truth.</summary>
    private static double? Error(double[] estimate, double[] truth, string column)
    {
        if (truth.Length == 0 || truth.Any(v => !double.IsFinite(v)))
            return null;
        if (estimate.Length != truth.Length && estimate.Length > 0)
            throw ColumnCheck.WrongLength(column, estimate.Length, truth.Length);
        double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(v => v * v));
        var (error, size) = (estimate.Length == 0 ? double.NaN : Norm(estimate.Zip(truth, (e, t) => e - t)), Norm(truth));
        return error == 0 ? 0 : error / size;
    }

    private static string Describe(CertifiedProperty property)
    {
        var columns = string.Join(" and ", property.Columns);
        return property.Function is { } function ? $"{function.Describe().Kind} of {columns}" : $"column {columns}";
    }
}
