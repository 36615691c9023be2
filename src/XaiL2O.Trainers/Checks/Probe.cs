using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Random vectors for the checks of one model, and where findings go.</summary>
internal sealed class Probe
{
    private const int BatchSize = 3;
    private readonly Generator generator;
    private readonly List<ModelFinding> findings;

    public Probe(ImplicitModel model, Generator generator, int trials, List<ModelFinding> findings)
    {
        (Model, this.generator, Trials, this.findings) = (model, generator, trials, findings);
        Rounding = model.DataType == ScalarType.Float64 ? 1e-9 : 1e-4;
        Data = model.SampleData(Normal(model.DataSize));
    }

    public ImplicitModel Model { get; }

    public int Trials { get; }

    /// <summary>Relative errors that are rounding.</summary>
    public double Rounding { get; }

    /// <summary>d, three rows.</summary>
    public Tensor Data { get; }

    public Tensor Normal(int size) => randn([BatchSize, size], dtype: ScalarType.Float64, generator: generator).to(Model.DataType).to(Model.Device);

    public void Report(string part, ModelPromise promise, FormattableString message) =>
        findings.Add(new ModelFinding(part, promise, FormattableString.Invariant(message)));

    /// <summary>Whether a tensor has the shape it must have and no NaN or ∞.</summary>
    public bool Fits(string part, string what, Tensor result, params long[] shape)
    {
        if (!result.shape.SequenceEqual(shape))
        {
            Report(part, ModelPromise.Shape, $"{what} of '{part}' has shape [{string.Join(", ", result.shape)}]; it must be [{string.Join(", ", shape)}].");
            return false;
        }

        if (!result.isfinite().all().ToBoolean())
        {
            Report(part, ModelPromise.Shape, $"{what} of '{part}' holds NaN or ∞ for finite vectors.");
            return false;
        }

        return true;
    }

    /// <summary>Compares the rows of a batch with each row alone.</summary>
    /// <param name="part">The part.</param>
    /// <param name="what">What is computed.</param>
    /// <param name="count">Rows there are.</param>
    /// <param name="compute">The result of some rows, given by their numbers.</param>
    public void Rows(string part, string what, long count, Func<Tensor, Tensor> compute)
    {
        var all = compute(arange(count, device: Model.Device));
        var alone = cat([.. Enumerable.Range(0, (int)count).Select(row => compute(tensor(new long[] { row }, device: Model.Device)))], 0);
        if (!all.shape.SequenceEqual(alone.shape))
            return;
        var difference = (all - alone).norm().ToDouble() / Math.Max(all.norm().ToDouble(), double.Epsilon);
        if (!(difference <= 100 * Rounding) && all.norm().ToDouble() > 0)
            Report(part, ModelPromise.Rows, $"Rows mix in {what} of '{part}': a row alone and in a batch of {count} differ by {difference:G3} of their length. Every row of [batch, …] must be computed from itself alone.");
    }

    /// <summary>The largest ‖F(u)‖/‖u‖ that a power iteration on FᵀF, or on a symmetric F, finds: a lower bound of the norm.</summary>
    public double Norm(int size, Func<Tensor, Tensor> image, Func<Tensor, Tensor> back)
    {
        var largest = 0.0;
        var v = Normal(size);
        for (var step = 0; step < 4 * Trials; step++)
        {
            v = v / v.norm(1, true).clamp_min(1e-30);
            var next = image(v);
            largest = Math.Max(largest, next.norm(1).max().ToDouble());
            v = back(next);
        }

        return largest;
    }
}
