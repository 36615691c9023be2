using System.Runtime.CompilerServices;
using System.Text;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The trained weights and the constants of a composed model. The first composition declares them; later ones, which see other values of the weights, get
/// the same tensors by name.
/// </summary>
internal sealed class WeightStore(ScalarType dataType, Device device, int seed) : IDisposable
{
    private readonly Dictionary<string, Tensor> weights = [];
    private readonly Dictionary<string, object> parts = [];
    private readonly List<(string Name, Tensor Weight)> all = [];
    private readonly List<Action> projections = [];
    private readonly List<Action> endings = [];
    private readonly ConditionalWeakTable<Array, Tensor> constants = [];
    private readonly ConditionalWeakTable<Array, MatrixOperator> matrices = [];
    private bool complete;

    public ScalarType DataType => dataType;

    public Device Device => device;

    public IReadOnlyList<(string Name, Tensor Weight)> All => all;

    /// <summary>From now on every weight asked for must be there.</summary>
    public void Complete() => complete = true;

    public Tensor Weight(string name, long[] shape, WeightStart start, Action<Tensor>? keep, Action<Tensor>? finish)
    {
        CheckName(name);
        if (weights.TryGetValue(name, out var known))
        {
            return known.shape.SequenceEqual(shape)
                ? known
                : throw new ArgumentException($"The weight '{name}' is declared with shapes [{string.Join(", ", known.shape)}] and [{string.Join(", ", shape)}].");
        }

        ThrowIfComplete(name);
        using var mode = inference_mode(false);
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        // Each weight draws from a generator of its own, so that declaring one more does not change the others. 32 bits are what the generator takes.
        using var generator = new Generator(Hash(name) ^ ((uint)seed * 2654435761u));
        var weight = TrainableWeight.Create(start.Make(name, shape, generator), dataType, device);
        weights.Add(name, weight);
        all.Add((name, weight));
        Keep(weight, keep, finish);
        keep?.Invoke(weight);
        return weight;
    }

    /// <summary>A part that serves every composition, such as one that owns weights or tables.</summary>
    public T Part<T>(string name, Func<T> make, Func<T, IEnumerable<(string Name, Tensor Weight)>>? weightsOf = null, Action<T>? keep = null, Action<T>? finish = null)
        where T : class
    {
        CheckName(name);
        if (parts.TryGetValue(name, out var known))
            return known as T ?? throw new ArgumentException($"'{name}' is declared as a {known.GetType().Name} and as a {typeof(T).Name}.");
        ThrowIfComplete(name);
        using var mode = inference_mode(false);
        using var grad = no_grad();
        var part = make() ?? throw new ArgumentException($"The function that makes '{name}' returned null.");
        (part as Tensor)?.DetachFromDisposeScope();
        parts.Add(name, part);
        all.AddRange(weightsOf?.Invoke(part) ?? []);
        Keep(part, keep, finish);
        return part;
    }

    public Tensor Constant(Array values) => constants.GetValue(values, v =>
    {
        // A tensor of inference mode could never be part of a gradient.
        using var mode = inference_mode(false);
        using var scope = NewDisposeScope();
        var flat = v switch
        {
            float[] a => tensor(a),
            float[,] a => tensor(a),
            _ => throw new ArgumentException($"Constants are arrays or matrices of Single; got {v.GetType().Name}."),
        };
        if (!flat.isfinite().all().ToBoolean())
            throw new ArgumentException($"A constant of {v.Length} values holds NaN or ∞.");
        return flat.to(dataType).to(device).clone().DetachFromDisposeScope();
    });

    public MatrixOperator Matrix(float[,] values) => matrices.GetValue(values, v => new MatrixOperator(Constant(v)));

    /// <summary>Puts weights back into their sets, after a step of training.</summary>
    public void Project() => Run(projections);

    /// <summary>Puts weights into the form in which they are kept, after the last step.</summary>
    public void Finish() => Run(endings);

    public void Dispose()
    {
        foreach (var weight in weights.Values)
            weight.Dispose();
        foreach (var part in parts.Values.OfType<IDisposable>())
            part.Dispose();
        foreach (var (_, constant) in constants)
            constant.Dispose();
    }

    private void Keep<T>(T part, Action<T>? keep, Action<T>? finish)
    {
        if (keep is not null)
            projections.Add(() => keep(part));
        if (finish is not null)
            endings.Add(() => finish(part));
    }

    private static void Run(List<Action> actions)
    {
        using var grad = no_grad();
        using var scope = NewDisposeScope();
        foreach (var action in actions)
            action();
    }

    /// <summary>A file of weights holds their names in UTF-8, in which half a surrogate pair is another character.</summary>
    private static void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)) != name)
            throw new ArgumentException($"The weight '{name}' has half a surrogate pair in its name, which no file can hold; give it another name.");
    }

    private void ThrowIfComplete(string name)
    {
        if (complete)
            throw new InvalidOperationException($"The weight '{name}' was not declared when the model was made; a definition declares the same weights every time it composes.");
    }

    /// <summary>FNV-1a; the framework's own hashes of texts differ from process to process.</summary>
    private static uint Hash(string text) => text.Aggregate(2166136261u, (hash, c) => (hash ^ c) * 16777619u);
}
