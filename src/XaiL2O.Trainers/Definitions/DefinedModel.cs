using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The model of the terms that a <see cref="ModelDefinition"/> states.</summary>
/// <remarks>Terms and splitting are composed anew for the weights as they are, so that bounds and step sizes follow training.</remarks>
internal sealed class DefinedModel : ImplicitModel
{
    private readonly WeightStore store;
    private readonly IReadOnlyList<ModelColumn> inputs;
    private readonly Tensor? lowest; // of each entry of d, where there are limits
    private readonly Tensor? highest;
    private readonly Tensor? unitless; // entries of d that no scale divides, where there are such
    private readonly bool addsLoss;

    /// <summary>Declares the weights and checks the composition by one step on data of zeros.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="dtype">Element type of the computation.</param>
    /// <param name="device">Device; CPU when null.</param>
    /// <exception cref="ArgumentException">The terms do not fit together; the message says which one and what is missing.</exception>
    public DefinedModel(ModelDefinition definition, ScalarType dtype = ScalarType.Float32, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(definition);
        definition.RequireProperties();
        definition.Validate();
        Check.AtLeast(definition.DataSize, 1);
        Check.AtLeast(definition.InferenceSize, 1);
        Check.AtLeast(definition.TargetSize, 1);
        LibTorch.EnsureLoaded();
        using var work = NativeWork.Enter();
        Definition = definition;
        store = new WeightStore(dtype, device ?? CPU, definition.Seed);
        inputs = [.. definition.Inputs, .. definition.Derived];
        if (inputs.Sum(c => c.Size) != DataSize)
            throw new ArgumentException($"The inputs of {definition.GetType().Name} have {string.Join(" + ", inputs.Select(c => c.Size))} values; its data size is {DataSize}.", nameof(definition));
        using var mode = inference_mode(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        Tensor PerEntry(Func<ModelColumn, double> value) =>
            tensor(inputs.SelectMany(c => Enumerable.Repeat(value(c), c.Size)).ToArray(), dtype: dtype, device: Device).DetachFromDisposeScope();
        if (inputs.Any(c => double.IsFinite(c.Lowest) || double.IsFinite(c.Highest)))
            (lowest, highest) = (PerEntry(c => c.Lowest), PerEntry(c => c.Highest));
        if (inputs.Any(c => c.IsUnitless))
            unitless = PerEntry(c => c.IsUnitless ? 1 : 0);
        addsLoss = Compose().Losses.Count > 0;
        store.Complete();
        Try();
    }

    /// <summary>The definition.</summary>
    public ModelDefinition Definition { get; }

    /// <inheritdoc/>
    public override int DataSize => Definition.DataSize;

    /// <inheritdoc/>
    public override int InferenceSize => Definition.InferenceSize;

    /// <inheritdoc/>
    public override int TargetSize => Definition.TargetSize;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Terms => Compose().Terms;

    /// <inheritdoc/>
    public override IReadOnlyList<Term> Properties => Compose().Properties;

    /// <summary>A constraint Ax = d, if there is one; the conditions of optimality contain the violation of every constraint.</summary>
    public override Term? Feasibility => Terms.OfType<FidelityTerm>().FirstOrDefault(t => t.Radius is { Value: 0, Learned: null });

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => store.All;

    /// <summary>The definition.</summary>
    public override IReadOnlyList<object?> Configuration => [Definition];

    /// <inheritdoc/>
    public override ScalarType DataType => store.DataType;

    /// <inheritdoc/>
    public override Device Device => store.Device;

    /// <inheritdoc/>
    public override IReadOnlyList<NamedArray> LearnedValues()
    {
        using var work = NativeWork.Enter();
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        var shown = Compose().Shown;
        return [.. Weights.Select(w => shown.TryGetValue(w.Name, out var value) ? NamedArray.Of(value.Name, value.Value()) : NamedArray.Of(w.Name, w.Weight))];
    }

    /// <inheritdoc/>
    public override Splitting CreateSplitting()
    {
        using var work = NativeWork.Enter();
        return Compose().CreateSplitting();
    }

    /// <inheritdoc/>
    public override void ProjectWeights() => store.Project();

    /// <inheritdoc/>
    public override void FinishTraining() => store.Finish();

    /// <inheritdoc/>
    public override GradientMode DefaultGradient => Definition.DefaultGradient;

    /// <inheritdoc/>
    public override Tensor Scale(Tensor data) => Definition.Scale(data);

    /// <inheritdoc/>
    public override Tensor Loss(Tensor inference, Tensor data, Tensor targets) =>
        Added(inference, data).Aggregate(Definition.Loss(inference, data, targets), (sum, loss) => sum + loss);

    /// <inheritdoc/>
    public override double ValidationLoss(Tensor inference, Tensor data, Tensor targets) =>
        Added(inference, data).Aggregate(Definition.ValidationLoss(inference, data, targets), (sum, loss) => sum + loss.ToDouble());

    /// <summary>Rows with a value outside the limits of its column are NaN.</summary>
    /// <inheritdoc/>
    public override Tensor Admit(Tensor data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return lowest is null ? data : data.masked_fill(data.ge(lowest).logical_and(data.le(highest!)).all(1, true).logical_not(), double.NaN);
    }

    /// <inheritdoc/>
    internal override Tensor SampleData(Tensor normal) => lowest is null ? normal : normal.maximum(lowest).minimum(highest!);

    /// <inheritdoc/>
    public override Tensor Unscale(Tensor data, Tensor scale)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(scale);
        return unitless is null ? data / scale : data / (scale + (unitless * (1 - scale)));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            store.Dispose();
            lowest?.Dispose();
            highest?.Dispose();
            unitless?.Dispose();
        }

        base.Dispose(disposing);
    }

    private IEnumerable<Tensor> Added(Tensor inference, Tensor data) => addsLoss ? Compose().Losses.Select(loss => loss(inference, data)) : [];

    private Composition Compose()
    {
        using var work = NativeWork.Enter();
        var builder = new ModelBuilder(store, DataSize, InferenceSize, inputs);
        Definition.Compose(builder);
        return builder.Build();
    }

    /// <summary>What a term computes alone, so that a fault has its name.</summary>
    private void Try(Term term, Tensor data)
    {
        Tensor Zeros(int size) => zeros(data.shape[0], size, dtype: DataType, device: Device);
        void Compare(string what, int size, Func<Tensor, Tensor> compute)
        {
            long[] shape;
            try
            {
                shape = compute(Zeros(size)).shape;
            }
            catch (ExternalException e)
            {
                throw new ArgumentException($"The terms of {Definition.GetType().Name} do not fit together: {what} of '{term.Name}' fails on points of length {size} and data of length {DataSize}: {e.Message.Split('\n')[0]}", e);
            }

            if (!shape.SequenceEqual([data.shape[0], size]))
                throw new ArgumentException($"{what} of the term '{term.Name}' gives [{string.Join(", ", shape)}] for points of shape [{data.shape[0]}, {size}]; it must give the shape it takes.");
        }

        if (term is IProximable proximable)
            Compare(nameof(IProximable.Proximal), term.Operator.OutputSize, u => proximable.Proximal(u, 1, data));
        if (term is ISmooth smooth)
            Compare(nameof(ISmooth.Gradient), term.Operator.InputSize, u => smooth.Gradient(u, data));
    }

    /// <summary>Shapes that do not fit show here, in place of in the middle of a training.</summary>
    private void Try()
    {
        var composition = Compose();
        var data = zeros(2, DataSize, dtype: DataType, device: Device);
        if (lowest is not null)
            data = data.maximum(lowest).minimum(highest!);
        foreach (var term in composition.Terms)
            Try(term, data);
        try
        {
            using var splitting = composition.CreateSplitting();
            var x = splitting.Inference(splitting.Step(splitting.Begin(data), data), data);
            if (!x.shape.SequenceEqual([2, InferenceSize]))
                throw new ArgumentException($"The iteration gives inferences of shape [{string.Join(", ", x.shape)}] for 2 rows; the definition says [2, {InferenceSize}].");
            foreach (var term in composition.Properties)
            {
                var value = term.PropertyValue(x, data);
                if (!value.shape.SequenceEqual([2]))
                    throw new ArgumentException($"The property value of the term '{term.Name}' has shape [{string.Join(", ", value.shape)}] for 2 rows; it must be [2].");
            }
        }
        catch (ExternalException e)
        {
            throw new ArgumentException($"The terms of {Definition.GetType().Name} do not fit together: {e.Message.Split('\n')[0]}", e);
        }
    }
}
