using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>A fitted difficulty: predicted errors, at least a floor.</summary>
internal sealed class FittedDifficulty
{
    private sealed class Example
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private readonly FeatureModel model;

    public FittedDifficulty(ITransformer model, IReadOnlyList<int> sizes, double floor)
    {
        if (!(floor > 0 && double.IsFinite(floor)))
            throw new ArgumentException($"a difficulty has the floor {floor}; it is positive and finite.");
        (this.model, Floor) = (new FeatureModel(model, sizes, FeatureRow.Score, "difficulty", "regression trainers"), floor);
    }

    /// <summary>Takes features to <c>Score</c>.</summary>
    public ITransformer Model => model.Model;

    /// <summary>Values of each column.</summary>
    public IReadOnlyList<int> Sizes => model.Sizes;

    /// <summary>The smallest difficulty.</summary>
    public double Floor { get; }

    /// <summary>Room for the features of a row.</summary>
    public FeatureRow NewRow() => model.NewRow();

    /// <summary>Fits the user's trainer to errors; those that are not finite say nothing of how large errors are.</summary>
    public static FittedDifficulty Fit(MLContext ml, DifficultyModel options, IReadOnlyList<int> sizes, IEnumerable<(float[] Features, double Error)> rows)
    {
        Example[] examples = [.. rows.Where(r => float.IsFinite((float)r.Error)).Select(r => new Example { Features = r.Features, Label = (float)r.Error })];
        if (examples.Length == 0)
            throw new InvalidOperationException($"The difficulty cannot be fitted: of the {nameof(DifficultyModel.Share)} = {options.Share} of the rows that are its own, none has a finite error.");
        var mean = examples.Average(e => (double)e.Label);
        return new FittedDifficulty(FeatureModel.Fit(ml, options.Trainer, sizes, examples), sizes, mean > 0 ? options.Floor * mean : options.Floor);
    }

    /// <summary>Difficulties of rows; ∞ where nothing can be said.</summary>
    public Func<double> Of(FeatureRow features)
    {
        var predicted = model.Of(features);
        return () => predicted() is var value && float.IsFinite(value) ? Math.Max(value, Floor) : double.PositiveInfinity;
    }
}
