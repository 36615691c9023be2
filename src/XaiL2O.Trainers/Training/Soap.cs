using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// SOAP (Vyas et al. 2024, arXiv 2409.11321). A kernel is taken as a matrix of its outputs by everything else. L and R average GGᵀ and GᵀG of its
/// gradients G; in the eigenbases of both, Adam scales each entry. Vectors are left to plain Adam.
/// </summary>
internal sealed class Soap : WeightOptimizer
{
    private const double FirstMoment = 0.95;
    private const double SecondMoment = 0.99;
    private const double Covariance = 0.97;
    private const double Epsilon = 1e-8;

    /// <summary>Steps between two improvements of a basis.</summary>
    private const int BasisEvery = 10;

    private readonly double weightDecay;
    private readonly Entry[] entries;
    private int steps;

    /// <param name="weights">What is trained; not owned.</param>
    /// <param name="weightDecay">L2 penalty, as part of the gradient.</param>
    public Soap(IReadOnlyList<Tensor> weights, double weightDecay)
    {
        using var grad = no_grad();
        this.weightDecay = weightDecay;
        entries = [.. weights.Select(w => new Entry(w))];
    }

    /// <inheritdoc/>
    public override void ZeroGradients()
    {
        foreach (var entry in entries)
            entry.Weight.grad?.zero_();
    }

    /// <inheritdoc/>
    public override void Step(double learningRate)
    {
        using var grad = no_grad();
        steps++;
        foreach (var entry in entries)
        {
            using var scope = NewDisposeScope();
            if (entry.Weight.grad is not { } gradient)
                continue;
            var g = gradient.add(entry.Weight, alpha: weightDecay).view(entry.Momentum.shape);
            entry.Momentum.mul_(FirstMoment).add_(g, alpha: 1 - FirstMoment);
            var m = entry.Momentum / (1 - Math.Pow(FirstMoment, steps));
            if (entry.Basis is { } basis)
            {
                basis.Follow(g, steps);
                (g, m) = (basis.Into(g), basis.Into(m));
            }

            entry.Variance.mul_(SecondMoment).addcmul_(g, g, value: 1 - SecondMoment);
            // The first gradient is spent on the basis: in its own basis it has one entry per direction, all of which would take a full step.
            if (steps == 1)
                continue;
            var change = m / ((entry.Variance / (1 - Math.Pow(SecondMoment, steps))).sqrt() + Epsilon);
            entry.Weight.add_((entry.Basis?.OutOf(change) ?? change).view(entry.Weight.shape), alpha: -learningRate);
        }
    }

    /// <inheritdoc/>
    public override void Save(BinaryWriter writer)
    {
        writer.Write(steps);
        foreach (var tensor in entries.SelectMany(e => e.State))
            CheckpointFile.Write(writer, tensor);
    }

    /// <inheritdoc/>
    public override void Load(BinaryReader reader)
    {
        steps = reader.ReadInt32();
        foreach (var tensor in entries.SelectMany(e => e.State))
            CheckpointFile.Read(reader, tensor);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (var tensor in entries.SelectMany(e => e.State))
            tensor.Dispose();
    }

    private static Tensor Zeros(Tensor like, params long[] shape) => zeros(shape, dtype: like.dtype, device: like.device).DetachFromDisposeScope();

    /// <summary>What is remembered of a weight.</summary>
    private sealed class Entry
    {
        public Entry(Tensor weight)
        {
            Weight = weight;
            long[] shape = weight.ndim < 2 ? [weight.numel()] : [weight.shape[0], weight.numel() / weight.shape[0]];
            (Momentum, Variance) = (Zeros(weight, shape), Zeros(weight, shape));
            Basis = weight.ndim < 2 ? null : new Eigenbasis(weight, shape[0], shape[1]);
        }

        public Tensor Weight { get; }

        public Tensor Momentum { get; }

        /// <summary>Mean squares of gradients, in the eigenbasis where there is one.</summary>
        public Tensor Variance { get; }

        public Eigenbasis? Basis { get; }

        public IEnumerable<Tensor> State => [Momentum, Variance, .. Basis?.State ?? []];
    }

    /// <summary>Eigenvectors of L and R.</summary>
    private sealed class Eigenbasis(Tensor weight, long rows, long columns)
    {
        private readonly Tensor left = Zeros(weight, rows, rows);
        private readonly Tensor right = Zeros(weight, columns, columns);
        private readonly Tensor outputs = Zeros(weight, rows, rows);
        private readonly Tensor inputs = Zeros(weight, columns, columns);

        public IEnumerable<Tensor> State => [left, right, outputs, inputs];

        /// <summary>Takes one more gradient into account; now and then one step of the power method improves the basis.</summary>
        public void Follow(Tensor g, int step)
        {
            left.mul_(Covariance).add_(g.mm(g.t()), alpha: 1 - Covariance);
            right.mul_(Covariance).add_(g.t().mm(g), alpha: 1 - Covariance);
            if (step == 1)
            {
                // Largest first: the order in which steps of the power method with QR leave eigenvectors in place.
                outputs.copy_(linalg.eigh(left).Item2.flip(1));
                inputs.copy_(linalg.eigh(right).Item2.flip(1));
            }
            else if (step % BasisEvery == 0)
            {
                outputs.copy_(linalg.qr(left.mm(outputs)).Q);
                inputs.copy_(linalg.qr(right.mm(inputs)).Q);
            }
        }

        public Tensor Into(Tensor t) => outputs.t().mm(t).mm(inputs);

        public Tensor OutOf(Tensor t) => outputs.mm(t).mm(inputs.t());
    }
}
