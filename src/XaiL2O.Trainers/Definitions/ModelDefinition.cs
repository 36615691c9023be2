using System.Reflection;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A model stated as an optimisation problem: the columns it reads and gives, the terms with their operators and weights, and how they are solved.
/// Derive from it in one file; training, solving, property values, certificates and model zips come with it. The models of this library are made so too.
/// </summary>
/// <remarks>
/// Public properties and fields that can be set, or that are parameters of the constructor by the same name, are the definition's options: a model zip stores them,
/// arrays and matrices of numbers among them, with the name of the type and of its assembly. Whatever else a definition holds must follow from them and be marked
/// <see cref="System.Text.Json.Serialization.JsonIgnoreAttribute"/>; a definition that would not come back as it is is refused before it is trained. A checkpoint belongs to all that a definition
/// holds, also to what is marked. The program that loads the zip
/// references the assembly of the definition.
/// </remarks>
/// <seealso cref="ModelBuilder"/>
public abstract class ModelDefinition
{
    /// <summary>Seed of the random starts of weights.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Length of the measurement vector d.</summary>
    public abstract int DataSize { get; }

    /// <summary>Length of the inference x.</summary>
    public abstract int InferenceSize { get; }

    /// <summary>Length of the rows of training targets; <see cref="InferenceSize"/> where the target is the inference itself.</summary>
    public virtual int TargetSize => InferenceSize;

    /// <summary>The columns that d is made of, see <see cref="Join"/>. One, <c>Measurements</c>, of <see cref="DataSize"/> numbers, unless a definition says otherwise.</summary>
    public virtual IReadOnlyList<ModelColumn> Inputs => [new("Measurements", DataSize)];

    /// <summary>What <see cref="Join"/> computes of the inputs and puts behind them, for terms that take it as an input.</summary>
    internal virtual IReadOnlyList<ModelColumn> Derived => [];

    /// <summary>The column that training compares with, of <see cref="TargetSize"/> numbers. <c>Signal</c> unless a definition says otherwise.</summary>
    public virtual ModelColumn Target => new("Signal", TargetSize);

    /// <summary>
    /// The columns that the inference is delivered in. One, <c>Estimate</c>, of <see cref="InferenceSize"/> numbers in single precision, unless a definition says
    /// otherwise and its model delivers them (<see cref="ModelInference.Outputs"/>).
    /// </summary>
    public virtual IReadOnlyList<ModelColumn> Outputs => [new("Estimate", InferenceSize)];

    /// <summary>Training settings where the user gives none.</summary>
    public virtual TrainingOptions Training => new();

    /// <summary>How training differentiates solutions where its settings leave that to the model: exactly, unless a definition was measured to train better otherwise.</summary>
    public virtual GradientMode DefaultGradient => GradientMode.Implicit;

    /// <summary>Tolerances and iteration limit of inferences where the user gives none.</summary>
    public virtual FixedPointOptions Solver => new() { MaxIterations = 10_000, AndersonMemory = 10 };

    /// <summary>Rows that are solved together where the user says nothing. Default 256.</summary>
    public virtual int BatchSize => 256;

    /// <summary>
    /// Element type in which inferences are computed. Double precision by default: an iterate that stops a step earlier or later because a batch was cut
    /// differently would otherwise differ by more than rounding. Training computes in single precision.
    /// </summary>
    public virtual ScalarType InferenceType => ScalarType.Float64;

    /// <summary>Whether the weights are trained; where there are none, nothing is. Default true.</summary>
    public virtual bool LearnsWeights => true;

    /// <summary>The most training rows that <see cref="Choose"/> looks at; 0, the default, where it chooses nothing.</summary>
    public virtual int RowsToChoose => 0;

    /// <summary>Numbers that <see cref="Choose"/> chooses, which count beside the weights. Default 0.</summary>
    public virtual int ChosenNumbers => 0;

    /// <summary>
    /// A definition with the same weights and property values that costs little to make, from which names and shapes are read; itself by default. For models of images,
    /// whose weights do not depend on the size of images, the same with small ones.
    /// </summary>
    public virtual ModelDefinition Outline => this;

    /// <summary>
    /// What <see cref="Choose"/> would return, with any numbers in the place of those it chooses; itself by default. Where a choice adds property values, their
    /// columns are promised by it before there are rows.
    /// </summary>
    public virtual ModelDefinition Chosen => this;

    /// <summary>
    /// Throws an <see cref="ArgumentException"/> that names the option, its value and its range, unless every option is in its range. Called before anything is made of
    /// them, also where they come from a model zip: sizes that are bounded here are bounded there.
    /// </summary>
    public virtual void Validate()
    {
    }

    /// <summary>d of a batch from its input columns: side by side, unless a definition says otherwise.</summary>
    /// <param name="inputs">As <see cref="Inputs"/> says, each of shape <c>[batch, size]</c>.</param>
    /// <returns>Shape <c>[batch, DataSize]</c>.</returns>
    public virtual Tensor Join(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return inputs.Count == 1 ? inputs[0] : cat([.. inputs], 1);
    }

    /// <summary>Which rows can be trained on; those whose numbers are all finite, unless a definition says otherwise.</summary>
    /// <param name="data">d, shape <c>[rows, DataSize]</c>.</param>
    /// <param name="targets">Shape <c>[rows, TargetSize]</c>.</param>
    /// <returns>Booleans, shape <c>[rows]</c>.</returns>
    public virtual Tensor Trainable(Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        return data.isfinite().all(1).logical_and(targets.isfinite().all(1));
    }

    /// <summary>
    /// Chooses what gradients do not train, on training rows, before training: the best of some candidates, or moments of the rows. Returns the definition with the
    /// choice; this one is not changed.
    /// </summary>
    /// <param name="data">d, shape <c>[rows, DataSize]</c>, at most <see cref="RowsToChoose"/> rows.</param>
    /// <param name="targets">Shape <c>[rows, TargetSize]</c>.</param>
    /// <param name="solver">Tolerances and iteration limit of inferences.</param>
    /// <param name="device">Device of the computation.</param>
    /// <param name="cancellationToken">Stops by throwing <see cref="OperationCanceledException"/>.</param>
    public virtual ModelDefinition Choose(Tensor data, Tensor targets, FixedPointOptions solver, Device device, CancellationToken cancellationToken) => this;

    /// <summary>This definition with what another one chose, where weights of the other mean something with that alone; null, the default, where every choice will do.</summary>
    /// <param name="start">The definition of the model that training goes on from.</param>
    internal virtual ModelDefinition? WithChoiceOf(ModelDefinition start) => null;

    /// <summary>
    /// Makes the model: of the terms that <see cref="Compose"/> states, unless a definition gives one of its own, with a solver of its own.
    /// </summary>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    /// <exception cref="ArgumentException">The terms do not fit together; the message says which one and what is missing.</exception>
    public virtual ImplicitModel CreateModel(ScalarType dtype = ScalarType.Float32, Device? device = null) => new DefinedModel(this, dtype, device);

    /// <summary>
    /// States the problem: adds terms to the builder. Called for every change of the weights, and from several threads, so it keeps nothing and declares
    /// the same weights every time.
    /// </summary>
    /// <param name="model">Receives the terms; gives constants and trained weights as operators and coefficients.</param>
    /// <exception cref="NotSupportedException">The definition overrides neither this nor <see cref="CreateModel"/>.</exception>
    public virtual void Compose(ModelBuilder model) =>
        throw new NotSupportedException($"{GetType().Name} states no terms: override {nameof(Compose)}, or {nameof(CreateModel)} where terms are not enough.");

    /// <summary>
    /// The factor s(d) &gt; 0 by which each row is divided before the solve and multiplied after it, shape <c>[batch, 1]</c>; 1 unless a definition says otherwise.
    /// With s proportional to the size of d, weights of terms are relative to the amplitude of the row.
    /// </summary>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    public virtual Tensor Scale(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return ones(data.shape[0], 1, dtype: data.dtype, device: data.device);
    }

    /// <summary>
    /// What of two definitions differs, field by field, private and inherited ones among them, each as <c>path: value here, value there</c>; what is marked
    /// <see cref="System.Text.Json.Serialization.JsonIgnoreAttribute"/> without a condition is passed over. One object in two places is the same as two equal ones.
    /// </summary>
    /// <param name="other">Another definition.</param>
    public IReadOnlyList<string> DifferencesFrom(ModelDefinition other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return [.. ObjectState.Differences(this, other)];
    }

    /// <summary>What training minimises; mean squared error unless a definition says otherwise.</summary>
    /// <param name="inference">x with gradients attached, shape <c>[batch, InferenceSize]</c>.</param>
    /// <param name="data">d, shape <c>[batch, DataSize]</c>.</param>
    /// <param name="targets">Shape <c>[batch, TargetSize]</c>.</param>
    /// <returns>A scalar.</returns>
    public virtual Tensor Loss(Tensor inference, Tensor data, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inference);
        return (inference - targets).pow(2).mean();
    }

    /// <summary>What chooses the best weights; <see cref="Loss"/> unless a definition says otherwise. No gradients are recorded.</summary>
    /// <inheritdoc cref="Loss"/>
    public virtual double ValidationLoss(Tensor inference, Tensor data, Tensor targets) => Loss(inference, data, targets).ToDouble();

    /// <summary>Throws where a property whose type says that it is never null is null all the same: whatever uses it would fail without naming it.</summary>
    /// <exception cref="ArgumentNullException">A property is null; its name is the parameter's.</exception>
    internal void RequireProperties()
    {
        var nullability = new NullabilityInfoContext();
        foreach (var property in GetType().GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            // What is computed may fail where what it is computed from is null; that one is named.
            if (!property.CanWrite && !IsAutomatic(property))
                continue;
            if (property.PropertyType.IsValueType || property.GetIndexParameters().Length > 0 || nullability.Create(property).ReadState != NullabilityState.NotNull)
                continue;
            if (property.GetValue(this) is null)
                throw new ArgumentNullException(property.Name, $"{GetType().Name}.{property.Name} is null; give it a value.");
        }
    }

    /// <summary>Whether a property is stored and not computed, such as a parameter of a constructor.</summary>
    private static bool IsAutomatic(PropertyInfo property) =>
        property.DeclaringType!.GetField($"<{property.Name}>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic) is not null;

    /// <summary>What whoever trains should know of what was chosen, each a warning or information.</summary>
    /// <param name="rows">Training rows it was chosen on.</param>
    internal virtual IEnumerable<(bool IsWarning, string Text)> RemarksOnChoice(long rows) => [];

    /// <summary>A lower bound of the number of weights by the options, by which a file that holds fewer is refused before anything is allocated.</summary>
    internal virtual double LeastWeights => 0;
}
