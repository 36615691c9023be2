using TorchSharp;
using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Takes the terms of a <see cref="ModelDefinition"/> and gives it the pieces they are made of: constants, and trained weights by name.
/// </summary>
public sealed partial class ModelBuilder
{
    private readonly WeightStore store;
    private readonly List<(Term Term, Coefficient Weight)> terms = [];
    private readonly List<Term> reported = [];
    private readonly List<Func<Tensor, Tensor, Tensor>> losses = [];
    private Func<Splitting>? makeSplitting;
    private Func<Tensor, Tensor>? start;

    private readonly IReadOnlyList<ModelColumn> inputs;

    internal ModelBuilder(WeightStore store, int dataSize, int inferenceSize, IReadOnlyList<ModelColumn> inputs)
    {
        (this.store, DataSize, InferenceSize, this.inputs) = (store, dataSize, inferenceSize, inputs);
        Identity = new IdentityOperator(inferenceSize);
    }

    /// <summary>Length of d.</summary>
    public int DataSize { get; }

    /// <summary>Length of x.</summary>
    public int InferenceSize { get; }

    /// <summary>Element type of the computation.</summary>
    public ScalarType DataType => store.DataType;

    /// <summary>Device of the computation.</summary>
    public Device Device => store.Device;

    /// <summary>The operator of terms in x itself.</summary>
    public IdentityOperator Identity { get; }

    /// <summary>
    /// Which splitting solves the model. <see cref="Algorithm.Automatic"/>, the default, takes proximal gradient where at most one term has no gradient and
    /// that one acts on x itself, Davis–Yin where two do, linearised ADMM for proximable terms with a <see cref="FidelityTerm"/> that
    /// act on Kx, and primal–dual for all else; where all terms have proximal operators and fit into memory as matrices, it finds inferences by
    /// <see cref="AffineDouglasRachford"/>, and the splitting gives the gradients. A splitting asked for by name is iterated as it is.
    /// </summary>
    public Algorithm Algorithm { get; set; }

    /// <summary>How step sizes are chosen.</summary>
    public StepPolicy Steps
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Steps));
            field = value;
        }
    } = new();

    /// <summary>An input column, for terms that depend on it row by row.</summary>
    /// <param name="name">One of the names of <see cref="ModelDefinition.Inputs"/>.</param>
    /// <exception cref="ArgumentException">There is no such input.</exception>
    public RowInput Input(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var from = 0;
        foreach (var column in inputs)
        {
            if (column.Name == name)
                return new RowInput(column, from, DataSize);
            from += column.Size;
        }

        throw new ArgumentException($"There is no input '{name}'; the inputs are: {string.Join(", ", inputs.Select(c => c.Name))}.", nameof(name));
    }

    /// <summary>A constant matrix as an operator; its norm is computed once. Keep the array: a new one every time is converted every time.</summary>
    /// <param name="values">Rows and columns.</param>
    public MatrixOperator Matrix(float[,] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return store.Matrix(values);
    }

    /// <summary>A constant vector.</summary>
    /// <param name="values">Its values.</param>
    public Tensor Vector(float[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return store.Constant(values);
    }

    /// <summary>Adds a term to the objective.</summary>
    /// <param name="term">A term with a proximal operator (<see cref="IProximable"/>) or a gradient (<see cref="ISmooth"/>).</param>
    public void Add(Term term) => Add(term, 1);

    /// <summary>Adds a weighted term to the objective.</summary>
    /// <param name="term">A term with a proximal operator (<see cref="IProximable"/>) or a gradient (<see cref="ISmooth"/>).</param>
    /// <param name="weight">Its weight, positive; may be trained. It does not change the property value.</param>
    public void Add(Term term, Coefficient weight)
    {
        ArgumentNullException.ThrowIfNull(term);
        if (!(weight.Value > 0 && double.IsFinite(weight.Value)))
            throw new ArgumentOutOfRangeException(nameof(weight), weight.Value, $"The weight of the term '{term.Name}' is {weight.Value}; it must be positive and finite.");
        terms.Add((term, weight));
    }

    /// <summary>Adds a property value that is reported and certified and has no influence on the inference.</summary>
    /// <param name="measure">The measure.</param>
    public void Report(Term measure)
    {
        ArgumentNullException.ThrowIfNull(measure);
        reported.Add(measure);
    }

    /// <summary>Reports a property function, the same that certifies columns of any model: of S x, or of S x and the data where it takes two vectors.</summary>
    /// <param name="name">Name of the property.</param>
    /// <param name="function">The function.</param>
    /// <param name="of">S; the identity when null. Not owned.</param>
    /// <exception cref="ArgumentException">The name is blank, or the function takes vectors of another length than S gives.</exception>
    public void Report(string name, PropertyFunction function, LinearOperator? of = null) => Report(new FunctionTerm(name, function, of ?? Identity));

    /// <summary>
    /// Says how to make the splitting, for compositions that <see cref="Algorithm"/> does not know, with steps that may be learned, and for explicit methods (<see cref="ExplicitMap"/>).
    /// The terms added are then for property values alone, and there need be none.
    /// </summary>
    /// <param name="make">
    /// Makes the iteration, whose constructor takes the capabilities it needs; with each call another one, which its user disposes. Called where a solve needs it: a definition composes also
    /// where terms alone are asked for.
    /// </param>
    public void SolveWith(Func<Splitting> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        makeSplitting = make;
    }

    /// <summary>Where solves begin that have no iterate to go on from, in the place of the splitting's own start.</summary>
    /// <param name="estimate">An estimate of x from d, both as they are solved, divided by <see cref="ModelDefinition.Scale"/>; shape <c>[batch, InferenceSize]</c>.</param>
    public void StartFrom(Func<Tensor, Tensor> estimate)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        start = estimate;
    }

    /// <summary>Adds to <see cref="ModelDefinition.Loss"/> and <see cref="ModelDefinition.ValidationLoss"/> what depends on terms and their weights and not on the inference alone.</summary>
    /// <param name="loss">Computes a scalar from inferences, shape <c>[batch, InferenceSize]</c>, and d, shape <c>[batch, DataSize]</c>; differentiable in the weights.</param>
    public void AddLoss(Func<Tensor, Tensor, Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        losses.Add(loss);
    }

    internal Composition Build()
    {
        if (terms.Count == 0 && makeSplitting is null)
            throw new ArgumentException("The definition adds no terms; a model needs at least one.");
        Term[] properties = [.. terms.Select(t => t.Term), .. reported];
        foreach (var term in properties.Where(t => t.Operator.InputSize != InferenceSize))
            throw new ArgumentException($"The term '{term.Name}' takes vectors of length {term.Operator.InputSize}; the inference has length {InferenceSize}.");
        foreach (var name in properties.GroupBy(t => t.Name).Where(g => g.Count() > 1).Select(g => g.Key))
            throw new ArgumentException($"Two terms are named '{name}'; names become columns, so they must differ.");
        Steps.Validate();
        var make = makeSplitting ?? (() => SplittingChoice.Make(terms, InferenceSize, Algorithm, Steps, DataType, Device));
        return new Composition([.. terms.Select(t => t.Term)], properties, shown, losses, () =>
        {
            var splitting = make() ?? throw new ArgumentException($"The function given to {nameof(SolveWith)} returned null.");
            splitting.Start = start;
            return splitting;
        });
    }
}
