using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <content>Trained weights, and parts that all compositions share.</content>
public sealed partial class ModelBuilder
{
    /// <summary>θ = exp(rate·weight): an optimiser whose steps have the size of the learning rate moves θ by percents.</summary>
    private const double LogarithmicRate = 4;

    private readonly HashSet<string> learned = [];
    private readonly Dictionary<string, (string Name, Func<Tensor> Value)> shown = [];

    /// <summary>A trained tensor of any shape.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="start">Values at the start.</param>
    /// <param name="shape">Length of each dimension.</param>
    /// <param name="keep">Puts the values in place back into the set they must stay in, at the start and after every step of training.</param>
    /// <param name="finish">Puts the values in place into the form in which they are kept, once training has ended.</param>
    public Tensor Learned(string name, WeightStart start, IReadOnlyList<long> shape, Action<Tensor>? keep = null, Action<Tensor>? finish = null)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(name);
        if (!learned.Add(name))
            throw new ArgumentException($"The weight '{name}' is declared twice; give each weight a name of its own, or declare it once and use what you get in both places.", nameof(name));
        return store.Weight(name, [.. shape], start, keep, finish);
    }

    /// <summary>What <see cref="ImplicitModel.LearnedValues"/> gives for a weight in the place of the values that are trained, such as a radius in the place of its logarithm.</summary>
    /// <param name="weight">The weight's name.</param>
    /// <param name="value">Computes what it stands for.</param>
    /// <param name="name">Under which name it is given; the weight's when null.</param>
    public void Show(string weight, Func<Tensor> value, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(value);
        shown[weight] = (name ?? weight, value);
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

    /// <summary>
    /// A trained matrix whose spectral norm is kept at 1, for models that do not change when it is scaled: estimated after every step of training, exact at its start and its end.
    /// </summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="start">Values at the start, divided by their norm.</param>
    /// <exception cref="ArgumentException">The values at the start are 0, or hold NaN or ∞.</exception>
    public MatrixOperator LearnedUnitMatrix(string name, int rows, int columns, WeightStart start)
    {
        ArgumentNullException.ThrowIfNull(name);
        Check.AtLeast(rows, 1);
        Check.AtLeast(columns, 1);
        return store.Part(name + ".Operator", () => new UnitMatrix(name, Learned(name, start, [rows, columns])), keep: K => K.Keep(), finish: K => K.Finish()).Operator;
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
        var θ = (LogarithmicRate * Learned(name, WeightStart.Values([.. Enumerable.Repeat(logarithm, size)]), [size])).exp();
        Show(name, () => θ);
        return θ;
    }

    /// <summary>A trained convolution 1 → C channels of square images; see <see cref="ConvolutionOperator"/>.</summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="channels">C, at least 1.</param>
    /// <param name="kernel">Rows and columns of the kernels, odd.</param>
    /// <param name="imageSize">Rows and columns of the images.</param>
    /// <param name="start">Kernels at the start, shape <c>[C, 1, kernel, kernel]</c>.</param>
    /// <param name="normLimit">Largest spectral norm, kept after every step of training.</param>
    /// <param name="zeroMean">Whether the entries of each kernel are kept at the sum 0, so that it answers to how pixels differ and not to brightness.</param>
    public ConvolutionOperator LearnedConvolution(string name, int channels, int kernel, int imageSize, WeightStart start, double normLimit = 1, bool zeroMean = false)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(start);
        Check.AtLeast(channels, 1);
        Check.Odd(kernel);
        Check.Positive(normLimit);
        void Centre(ConvolutionOperator K)
        {
            if (zeroMean)
                K.Kernel.sub_(K.Kernel.mean([2, 3], keepdim: true));
        }

        // The operator owns tables for the bound, so it is made once.
        return store.Part(
            name + ".Operator",
            () =>
            {
                var K = new ConvolutionOperator(Learned(name, start, [channels, 1, kernel, kernel]), imageSize);
                Centre(K);
                // What was scaled to the limit stays as it is, up to rounding.
                if (K.NormBound > normLimit * (1 + 1e-5))
                    K.LimitNorm(normLimit);
                return K;
            },
            keep: K =>
            {
                Centre(K);
                K.LimitNorm(normLimit);
            });
    }

    /// <summary>
    /// A trained network that stands for a proximal operator, for <see cref="RegularizerTerm"/>: <see cref="PotentialRegularizer"/>, which keeps the iteration
    /// convergent, or <see cref="ResidualRegularizer"/>, whose spectral norms are kept.
    /// </summary>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="make">Makes the network for an element type and a device, with weights in the set that its bound rests on; called once.</param>
    /// <param name="prefixed">Whether the name stands before those of its weights.</param>
    public Regularizer LearnedRegularizer(string name, Func<ScalarType, Device, Regularizer> make, bool prefixed = true)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(make);
        return store.Part(name, () => make(DataType, Device), r => r.Weights.Select(w => (prefixed ? $"{name}.{w.Name}" : w.Name, w.Weight)), r => r.ProjectWeights());
    }

    /// <summary>
    /// Something without trained weights that costs time to make, such as a table, a factorisation or a matrix computed from options: made once for all compositions of the model, and
    /// disposed with it where it can be.
    /// </summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Name, unique in the model.</param>
    /// <param name="make">Makes it.</param>
    public T Shared<T>(string name, Func<T> make)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(make);
        return store.Part(name, make);
    }
}
