using System.Globalization;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>Gathers judged rows for a report.</summary>
internal static class ReportReader
{
    public static CertificateReport Read(ITransformer model, IDataView judged, ReportOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(judged);
        options.Validate();
        var transformers = FindCertifiers(model).ToArray();
        IReportPart[] parts = [.. Parts(model, judged.Schema, options).OfType<IReportPart>()];
        if (transformers.Length == 0 && parts.Length == 0)
            throw new ArgumentException("The model contains no certifier, bound (BoundError) or selection, and no model of this library, whose columns the rows have, so there is nothing to report. Append Certify(…), BoundError(…) or SelectTrustworthy(…).", nameof(model));
        string?[] extra = [options.SetColumnName, options.RowNameColumnName, .. transformers.Select(t => t.Options.GroupColumnName)];
        foreach (var name in extra.OfType<string>())
            ColumnCheck.Group(judged.Schema, name);
        foreach (var transformer in transformers)
            transformer.CheckGroups(judged.Schema);
        CertifiedProperty[] properties = [.. transformers.SelectMany(t => t.Options.Properties)];
        string[] values = [.. properties.Select(p => p.Name + ".Value")];
        foreach (var name in values)
            ColumnCheck.Property(judged.Schema, name);

        var (estimate, truth) = (options.EstimateColumnName, options.TruthColumnName);
        string[] compared = estimate is null ? [] : [estimate, truth!];
        foreach (var name in compared)
            ColumnCheck.Argument(judged.Schema, name);
        if (options.ErrorColumnName is not null)
            ColumnCheck.Property(judged.Schema, options.ErrorColumnName);
        var builder = new ReportBuilder([.. transformers.Select(t => t.Certifier)], options.Title)
        {
            Summary = options.Summary,
            WorstRows = options.WorstRows,
            ErrorName = options.ErrorColumnName ?? $"‖{estimate} − {truth}‖/‖{truth}‖",
        };
        foreach (var property in properties)
            builder.Describe(property.Name, FormulaOf(model, property) ?? Describe(property));
        using var cursor = judged.GetRowCursor(values.Concat(extra.Append(options.ErrorColumnName).Concat(compared).Concat(parts.SelectMany(p => p.ColumnNames)).OfType<string>()).Select(name => judged.Schema[name]).Concat(CertificateColumns.OfTrust(judged.Schema)).DistinctBy(c => c.Index));
        var getters = values.Select(name => PropertyGetter.Scalar(cursor, judged.Schema[name])).ToArray();
        var readers = extra.Select(name => name is null ? null : GroupReader.Create(cursor, judged.Schema[name])).ToArray();
        VectorReader[] errors = [.. compared.Select(name => VectorReader.Create(cursor, judged.Schema[name]))];
        var error = options.ErrorColumnName is { } column ? PropertyGetter.Scalar(cursor, judged.Schema[column])
            : compared.Length > 0 ? () => Error(errors[0].Read().ToArray(), errors[1].Read().ToArray(), truth!) ?? double.NaN
            : null;
        var trust = new TrustReader(cursor);
        Action<string>[] takers = [.. parts.Select(p => p.Open(cursor))];
        var row = new double[getters.Length];
        while (cursor.MoveNext())
        {
            Interruption.Check();
            for (var i = 0; i < row.Length; i++)
                row[i] = getters[i]();
            var set = readers[0]?.Read().ToString() ?? "";
            if (readers[0] is not null && set.Length == 0)
                set = options.EmptySetName;
            builder.AddGrouped(
                row,
                set,
                readers[1]?.Read().ToString() ?? string.Create(CultureInfo.InvariantCulture, $"row {cursor.Position}"),
                [.. readers.Skip(2).Select(r => r?.Read().ToString())],
                transformers.Length == 0 || trust.Read() ? null : CertificateColumns.Trustworthy);
            foreach (var take in takers)
                take(set);
            if (error?.Invoke() is { } value && !double.IsNaN(value))
                builder.AddError(value);
        }

        return parts.Aggregate(builder.Build(), (report, part) => part.AddTo(report));
    }

    /// <summary>What bounds, selections and models of this library say of the rows, in the order of the chain; null where the rows do not have their columns.</summary>
    private static IEnumerable<IReportPart?> Parts(ITransformer model, DataViewSchema schema, ReportOptions options) => model switch
    {
        ErrorBoundTransformer bound => [BoundPart.Of(bound, schema, options)],
        SelectionTransformer selection => [SelectionPart.Of(selection, schema, options)],
        ImplicitModelTransformer solved => [GapPart.Of(solved, schema)],
        IEnumerable<ITransformer> chain => chain.SelectMany(part => Parts(part, schema, options)),
        _ => [],
    };

    /// <summary>Every certifier of a model, in the order of the chain.</summary>
    public static IEnumerable<CertifierTransformer> FindCertifiers(ITransformer model) => model switch
    {
        CertifierTransformer certifier => [certifier],
        IEnumerable<ITransformer> chain => chain.SelectMany(FindCertifiers),
        _ => [],
    };

    /// <summary>The formula of a column that a model of the chain makes; null where none does, or a function is applied.</summary>
    private static string? FormulaOf(ITransformer model, CertifiedProperty property) => property.Function is not null || property.SecondColumnName is not null ? null : model switch
    {
        BatchTransformer batch => batch.OutputColumns.FirstOrDefault(c => c.Name == property.Column)?.Formula is { Length: > 0 } formula ? formula : null,
        IEnumerable<ITransformer> chain => chain.Select(part => FormulaOf(part, property)).LastOrDefault(formula => formula is not null),
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
        return property.Function?.Formula(columns) ?? $"column {columns}";
    }
}
