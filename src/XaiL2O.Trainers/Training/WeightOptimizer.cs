using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Changes weights along the gradients they hold; its state can be saved between steps.</summary>
internal abstract class WeightOptimizer : IDisposable
{
    /// <summary>Creates the optimiser that options ask for.</summary>
    public static WeightOptimizer Create(IReadOnlyList<Tensor> weights, TrainingOptions options) => options.Optimizer switch
    {
        OptimizerKind.Soap => new Soap(weights, options.WeightDecay),
        _ => new AdamOptimizer(weights, options),
    };

    /// <summary>Sets all gradients to 0.</summary>
    public abstract void ZeroGradients();

    /// <summary>One step.</summary>
    public abstract void Step(double learningRate);

    /// <summary>Writes everything that decides how later steps go.</summary>
    public abstract void Save(BinaryWriter writer);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public abstract void Load(BinaryReader reader);

    /// <inheritdoc/>
    public abstract void Dispose();

    private sealed class AdamOptimizer(IReadOnlyList<Tensor> weights, TrainingOptions options) : WeightOptimizer
    {
        private readonly Adam adam = optim.Adam([.. weights.Cast<Parameter>()], lr: options.LearningRate, weight_decay: options.WeightDecay);

        public override void ZeroGradients() => adam.zero_grad();

        public override void Step(double learningRate)
        {
            foreach (var group in adam.ParamGroups)
                group.LearningRate = learningRate;
            adam.step();
        }

        public override void Save(BinaryWriter writer) => adam.save_state_dict(writer);

        public override void Load(BinaryReader reader) => adam.load_state_dict(reader);

        public override void Dispose() => adam.Dispose();
    }
}
