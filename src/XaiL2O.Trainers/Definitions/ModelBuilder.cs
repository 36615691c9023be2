using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Takes the terms of a <see cref="ModelDefinition"/> and gives it the pieces they are made of: constants, and trained weights by name.
/// </summary>
public sealed class ModelBuilder
{
    /// <summary>θ = exp(rate·weight): an optimiser whose steps have the size of the learning rate moves θ by percents.</summary>
    private const double LogarithmicRate = 4;

    private readonly WeightStore store;
    private readonly List<(Term Term, Coefficient Weight)> terms = [];
    private readonly List<Term> reported = [];
    private readonly Dictionary<string, Tensor> learned = []; // as the terms see them
    private Func<Splitting>? makeSplitting;

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

    /// <summary>A trained tensor of any shape.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="start">Values at the start.</param>
    /// <param name="shape">Length of each dimension.</param>
    /// <param name="keep">Puts the values in place back into the set they must stay in, after every step of training.</param>
    public Tensor Learned(string name, WeightStart start, IReadOnlyList<long> shape, Action<Tensor>? keep = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(name);
        if (learned.ContainsKey(name))
            throw new ArgumentException($"The weight '{name}' is declared twice; give each weight a name of its own, or declare it once and use what you get in both places.", nameof(name));
        return learned[name] = store.Weight(name, [.. shape], start, keep);
    }

    /// <summary>A trained matrix as an operator; the bound on its norm follows it.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="start">Values at the start.</param>
    /// <param name="normLimit">Largest spectral norm, kept after every step of training.</param>
    public MatrixOperator LearnedMatrix(string name, int rows, int columns, WeightStart start, double normLimit = double.PositiveInfinity)
    {
        Check.AtLeast(rows, 1);
        Check.AtLeast(columns, 1);
        if (!(normLimit > 0))
            throw new ArgumentOutOfRangeException(nameof(normLimit), normLimit, $"{nameof(normLimit)} = {normLimit} is out of range; it must be positive.");
        Action<Tensor>? keep = double.IsFinite(normLimit) ? W => W.div_(Math.Max(1, SpectralBound.Of(W) / normLimit)) : null;
        return new MatrixOperator(Learned(name, start, [rows, columns], keep), SpectralBound.Of);
    }

    /// <summary>A trained positive number, for weights of terms and radii.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="start">Value at the start, in [10⁻³⁰, 10²⁹]: training computes in single precision.</param>
    public Coefficient LearnedPositive(string name, double start) => Coefficient.Of(LearnedPositive(name, 1, start));

    /// <summary>A trained vector of positive numbers.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="size">Its length, at least 1.</param>
    /// <param name="start">Every value at the start, in [10⁻³⁰, 10²⁹]: training computes in single precision.</param>
    public Tensor LearnedPositive(string name, int size, double start)
    {
        Check.AtLeast(size, 1);
        // The rounding of its logarithm leaves room for nothing nearer to the largest number of an option.
        Check.Within(start, 1e-30, 1e29);
        var logarithm = (float)(Math.Log(start) / LogarithmicRate);
        return learned[name] = (LogarithmicRate * Learned(name, WeightStart.Values([.. Enumerable.Repeat(logarithm, size)]), [size])).exp();
    }

    /// <summary>A trained convolution 1 → C channels of square images; see <see cref="ConvolutionOperator"/>.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernels, odd.</param>
    /// <param name="imageSize">Rows and columns of the images.</param>
    /// <param name="start">Kernels at the start, shape <c>[C, 1, kernel, kernel]</c>.</param>
    /// <param name="normLimit">Largest spectral norm, kept after every step of training.</param>
    public ConvolutionOperator LearnedConvolution(string name, int channels, int kernel, int imageSize, WeightStart start, double normLimit = 1)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(start);
        Check.AtLeast(channels, 1);
        Check.Odd(kernel);
        Check.Positive(normLimit);
        // The operator owns tables for the bound, so it is made once.
        return store.Part(
            name + ".Operator",
            () => new ConvolutionOperator(Learned(name, start, [channels, 1, kernel, kernel]), imageSize),
            _ => [],
            K => K.Kernel.div_(Math.Max(1, K.NormBound / normLimit)));
    }

    /// <summary>
    /// A trained network that stands for a proximal operator, for <see cref="RegularizerTerm"/>: <see cref="PotentialRegularizer"/>, which keeps the iteration
    /// convergent, or <see cref="ResidualRegularizer"/>, whose spectral norms are kept.
    /// </summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="make">Makes the network for an element type and a device; called once.</param>
    public Regularizer LearnedRegularizer(string name, Func<ScalarType, Device, Regularizer> make)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(make);
        return store.Part(name, () => make(DataType, Device), r => r.Weights, r => r.ProjectWeights());
    }

    /// <summary>Something without trained weights that terms share and that costs time to make, made once and released with the model.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="make">Makes it.</param>
    internal T Shared<T>(string name, Func<T> make)
        where T : class, IDisposable => store.Part(name, make, _ => [], null);

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

    /// <summary>Gives the splitting itself, for compositions that <see cref="Algorithm"/> does not know; the terms added are then for property values alone.</summary>
    /// <param name="splitting">The iteration, whose constructor takes the capabilities it needs.</param>
    public void SolveWith(Splitting splitting)
    {
        ArgumentNullException.ThrowIfNull(splitting);
        makeSplitting = () => splitting;
    }

    /// <summary>Says how to make the splitting, for one that costs time to make: a definition composes also where terms alone are asked for.</summary>
    /// <param name="make">Makes the iteration, with each call another one.</param>
    internal void SolveWithMade(Func<Splitting> make) => makeSplitting = make;

    internal Composition Build()
    {
        if (terms.Count == 0)
            throw new ArgumentException("The definition adds no terms; a model needs at least one.");
        Term[] properties = [.. terms.Select(t => t.Term), .. reported];
        foreach (var term in properties.Where(t => t.Operator.InputSize != InferenceSize))
            throw new ArgumentException($"The term '{term.Name}' takes vectors of length {term.Operator.InputSize}; the inference has length {InferenceSize}.");
        foreach (var name in properties.GroupBy(t => t.Name).Where(g => g.Count() > 1).Select(g => g.Key))
            throw new ArgumentException($"Two terms are named '{name}'; names become columns, so they must differ.");
        Steps.Validate();
        return new Composition([.. terms.Select(t => t.Term)], properties, learned, makeSplitting ?? (() => SplittingChoice.Make(terms, InferenceSize, Algorithm, Steps, DataType, Device)));
    }
}
