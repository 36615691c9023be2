using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Sees whether calibration rows are those that a model before the certifier was trained on.</summary>
internal static class TrainingRows
{
    private const string Why =
        "A model fits its training rows better than others, so that good new rows will fail more often than the levels say. "
        + "Fit the certifier on rows that training has not seen: train the model, transform the calibration rows by it, fit the certifier on what comes out, and append it to the model.";

    /// <summary>The warning; null where nothing was found, which promises nothing: rows may have been copied.</summary>
    /// <param name="input">The calibration rows.</param>
    /// <param name="inChain">Whether a chain of estimators fits the certifier.</param>
    public static string? Find(IDataView input, bool inChain)
    {
        for (var view = input; view is IDataTransform made; view = made.Source)
        {
            if (made is BatchDataView { Transformer: { TrainedOn: { } rows } model } && rows.TryGetTarget(out var trainedOn) && ReferenceEquals(trainedOn, made.Source))
                return $"The certifier is calibrated on the rows that the model of the column '{model.OutputColumns[0].Name}' was trained on. {Why}";
            // ML.NET's models do not tell what they were trained on.
            if (inChain && made is RowToRowScorerBase)
                return $"The certifier is calibrated in one chain with a model of ML.NET. If the chain trains that model, it does so on the same rows. {Why}";
        }

        return null;
    }
}
