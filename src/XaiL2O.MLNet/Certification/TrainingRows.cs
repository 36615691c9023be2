using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace XaiL2O.MLNet;

/// <summary>Rows that a model was trained on, known by the views that they came through, as long as these are in use.</summary>
internal sealed class TrainingRows
{
    private static string Why(string what, string consequence) =>
        $"A model fits its training rows better than others, so that {consequence}. "
        + $"Fit the {what} on rows that training has not seen: train the model, transform the calibration rows by it, fit the {what} on what comes out, and append it to the model.";

    /// <summary>From the view that has the same rows to its first source.</summary>
    private readonly WeakReference<IDataView>[] views;
    private readonly TrainingRows? before;

    /// <summary>Remembers the rows of a view.</summary>
    /// <param name="input">The training rows.</param>
    /// <param name="before">Those of the model that training started from.</param>
    public TrainingRows(IDataView input, TrainingRows? before) => (views, this.before) = ([.. Chain(SameRows(input)).Select(view => new WeakReference<IDataView>(view))], before);

    /// <summary>Warns of calibration rows that a model before the estimator was trained on. Silence promises nothing: rows may have been copied, and models loaded.</summary>
    /// <param name="environment">Whose log gets the warning.</param>
    /// <param name="operation">The estimator's name in the log.</param>
    /// <param name="input">The calibration rows.</param>
    /// <param name="inChain">Whether a chain of estimators fits the estimator.</param>
    /// <param name="what">What is calibrated.</param>
    /// <param name="consequence">What comes of it, a clause.</param>
    public static void Warn(IHostEnvironment environment, string operation, IDataView input, bool inChain, string what, string consequence)
    {
        if (Warning(input, inChain, what, consequence) is not { } warning)
            return;
        using var channel = environment.Start(operation);
        channel.Warning("{0}", warning);
    }

    private static string? Warning(IDataView input, bool inChain, string what, string consequence)
    {
        foreach (var view in Chain(input))
        {
            if (view is BatchDataView { Transformer: { TrainedOn: { } rows } model } made && rows.Has(made.Source, input))
                return $"The {what} is calibrated on rows that the model of the column '{model.OutputColumns[0].Name}' was trained on. {Why(what, consequence)}";
            // ML.NET's models do not tell what they were trained on.
            if (inChain && view is RowToRowScorerBase)
                return $"The {what} is calibrated in one chain with a model of ML.NET. If the chain trains that model, it does so on the same rows. {Why(what, consequence)}";
        }

        return null;
    }

    /// <summary>Whether the rows that a model is given come from those that it was trained on, or the calibration rows are rows that training took some from.</summary>
    private bool Has(IDataView given, IDataView calibration) =>
        Chain(given).Any(view => Is(views[0], view)) || Array.Exists(views, view => Is(view, SameRows(calibration))) || before?.Has(given, calibration) == true;

    private static bool Is(WeakReference<IDataView> known, IDataView view) => known.TryGetTarget(out var target) && ReferenceEquals(target, view);

    private static IEnumerable<IDataView> Chain(IDataView view)
    {
        for (var at = view; at is not null; at = SourceOf(at))
            yield return at;
    }

    private static IDataView? SourceOf(IDataView view) => view switch
    {
        IDataTransform made => made.Source,
        CacheDataView cache => cache._subsetInput,
        CancellableView cancellable => cancellable.Source,
        _ => null,
    };

    /// <summary>The first view behind this one that has the same rows, with whatever columns and in whatever order.</summary>
    private static IDataView SameRows(IDataView view) => Chain(view).First(v => SourceOf(v) is null || v is not (BatchDataView or IRowToRowMapper or RowShufflingTransformer or CacheDataView or CancellableView));
}
