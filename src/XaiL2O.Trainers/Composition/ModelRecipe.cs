using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A model stated as an optimisation problem: the sizes of data and inference, the terms with their operators and weights, and how they are solved.
/// Derive from it in one file; training, solving, property values, certificates and model zips come with it.
/// </summary>
/// <remarks>
/// Public properties and fields that can be set, or that are parameters of the constructor by the same name, are the recipe's options: a model zip stores them,
/// arrays and matrices of numbers among them, with the name of the type and of its assembly. Whatever else a recipe holds must follow from them and be marked
/// <see cref="System.Text.Json.Serialization.JsonIgnoreAttribute"/>; a recipe that would not come back as it is is refused before it is trained. The program that loads the zip
/// references the assembly of the recipe.
/// </remarks>
/// <seealso cref="ModelBuilder"/>
public abstract class ModelRecipe
{
    /// <summary>Seed of the random starts of weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Length of the measurement vector d.</summary>
    public abstract int DataSize { get; }

    /// <summary>Length of the inference x.</summary>
    public abstract int InferenceSize { get; }

    /// <summary>Length of the rows of training targets; <see cref="InferenceSize"/> where the target is the inference itself.</summary>
    public virtual int TargetSize => InferenceSize;

    /// <summary>Training settings where the user gives none.</summary>
    public virtual TrainingOptions Training => new();

    /// <summary>Tolerances and iteration limit of inferences where the user gives none.</summary>
    public virtual FixedPointOptions Solver => new() { MaxIterations = 10_000, AndersonMemory = 10 };

    /// <summary>
    /// States the problem: adds terms to the builder. Called for every change of the weights, and from several threads, so it keeps nothing and declares
    /// the same weights every time.
    /// </summary>
    /// <param name="model">Receives the terms; gives constants and trained weights as operators and coefficients.</param>
    public abstract void Compose(ModelBuilder model);

    /// <summary>
    /// The factor s(d) &gt; 0 by which each row is divided before the solve and multiplied after it, shape <c>[batch, 1]</c>; 1 unless a recipe says otherwise.
    /// With s proportional to the size of d, weights of terms are relative to the amplitude of the row.
    /// </summary>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    public virtual Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ones(data.shape[0], 1, dtype: data.dtype, device: data.device);
    }

    /// <summary>
    /// What of two recipes differs, field by field, private and inherited ones among them, each as <c>path: value here, value there</c>; what is marked
    /// <see cref="System.Text.Json.Serialization.JsonIgnoreAttribute"/> is passed over.
    /// </summary>
    /// <param name="other">Another recipe.</param>
    public IReadOnlyList<string> DifferencesFrom(ModelRecipe other)
    {
        ArgumentNullException.ThrowIfNull(other);
        var there = new Dictionary<string, string>(ObjectState.Of(other));
        var here = new Dictionary<string, string>(ObjectState.Of(this));
        return
        [
            .. here.Where(p => there.GetValueOrDefault(p.Key) != p.Value).Select(p => $"{p.Key}: {p.Value}, {there.GetValueOrDefault(p.Key, "nothing")}"),
            .. there.Where(p => !here.ContainsKey(p.Key)).Select(p => $"{p.Key}: nothing, {p.Value}"),
        ];
    }

    /// <summary>What training minimises; mean squared error unless a recipe says otherwise.</summary>
    /// <param name="inference">x with gradients attached, shape <c>[batch, InferenceSize]</c>.</param>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    /// <param name="targets">Shape <c>[batch, TargetSize]</c>.</param>
    /// <returns>A scalar.</returns>
    public virtual Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        return (inference - targets).pow(2).mean();
    }
}
