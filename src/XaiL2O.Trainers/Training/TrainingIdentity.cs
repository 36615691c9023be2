using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// What must be equal for a checkpoint to be that of a training: a line for each part with its SHA-256. Other rows or another model of the same shapes would
/// otherwise go on from, or end with, weights that are not theirs.
/// </summary>
internal static class TrainingIdentity
{
    private const char Separator = '=';

    /// <param name="model">The model, with the weights from which it starts.</param>
    /// <param name="options">Settings; where the checkpoint lies is none of them.</param>
    /// <param name="rows">Everything the model is trained and validated on.</param>
    public static string Of(ImplicitModel model, TrainingOptions options, params Tensor[] rows) => string.Join('\n',
        Line("training settings", options with { CheckpointPath = null }),
        Line("training rows", rows),
        Line("model", model.GetType().FullName, model.DataType, model.Configuration),
        Line("starting weights", [.. model.Weights.SelectMany(w => new object[] { w.Name, w.Weight })]));

    /// <summary>The parts that differ, for people.</summary>
    public static string Difference(string saved, string current)
    {
        var known = saved.Split('\n').ToHashSet();
        return string.Join(" and ", current.Split('\n').Where(line => !known.Contains(line)).Select(line => line.Split(Separator)[0]).DefaultIfEmpty("format"));
    }

    private static string Line(string name, params object?[] parts) => $"{name}{Separator}{ObjectState.Hash(parts)}";
}
