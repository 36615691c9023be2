using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// The gradient g that training would follow, compared with differences of the loss along it: (L(Θ + hg/‖g‖) − L(Θ − hg/‖g‖))/2h, which is ‖g‖ for the exact
/// gradient, positive for every direction along which −g lowers the loss, and negative where training would go the wrong way.
/// </summary>
/// <param name="Predicted">‖g‖, all weights together.</param>
/// <param name="Measured">The quotient of differences; NaN where a solve lost its numbers.</param>
/// <param name="Uncertainty">About how far <paramref name="Measured"/> may be off, by the tolerance of solves and rounding.</param>
/// <param name="Loss">L(Θ) of the rows.</param>
/// <param name="ConvergedRate">Share of solves that met their tolerances; differences of others say little.</param>
internal sealed record GradientCheck(double Predicted, double Measured, double Uncertainty, double Loss, double ConvergedRate)
{
    private const int MostRows = 16;
    private const int MostEntries = 1 << 16;

    /// <summary>The largest h relative to ‖Θ‖.</summary>
    private const double WeightStep = 1e-2;

    private const double Tolerance = 1e-5;

    /// <summary>Each weight apart costs two solves.</summary>
    private const int MostWeights = 8;

    /// <summary>
    /// The same along the part of g in one weight, by name: large parts that point downhill hide a small one that does not, and an optimiser such as Adam follows each. Only
    /// for models of two to eight weights.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, GradientCheck>> Weights { get; init; } = [];

    /// <summary>Whether −g lowers the loss; true where the differences are lost or too small to tell.</summary>
    public bool Descends => Measured > 0 || double.IsNaN(Measured) || (Math.Abs(Measured) <= Uncertainty && Predicted <= 2 * Uncertainty);

    /// <summary>Whether g has about the size that differences have along it, as the exact gradient does and a shortened one need not.</summary>
    public bool Agrees => double.IsNaN(Measured) || Math.Abs(Measured - Predicted) <= Math.Max(0.5 * Math.Max(Predicted, Math.Abs(Measured)), 2 * Uncertainty);

    /// <summary>A sentence for people where the gradient does not descend, or an implicit one does not agree; else null.</summary>
    /// <param name="mode">How it was attached.</param>
    public string? Complaint(GradientMode mode)
    {
        if (Descends && Weights.FirstOrDefault(w => !w.Value.Descends) is { Value: { } uphill } weight)
            return uphill.Complaint(mode, $" in the weight '{weight.Key}'");
        return Complaint(mode, "");
    }

    private string? Complaint(GradientMode mode, string where)
    {
        var compared = $"along it the loss changes by {Measured:G3} per unit of the weights' length, and its own length is {Predicted:G3}";
        var solves = ConvergedRate < 1 ? $" Only {ConvergedRate:P0} of the solves compared converged, so raise the iteration limit of {nameof(TrainingOptions)}.{nameof(TrainingOptions.Solver)} first." : "";
        if (!Descends)
        {
            return $"The gradient of training does not point downhill{where}: {compared}.{solves} "
                + (mode == GradientMode.AttachedSteps
                    ? $"Attached steps are not exact; set {nameof(TrainingOptions.Gradient)} = {nameof(GradientMode.Implicit)}."
                    : $"A term's proximal operator or gradient may not be differentiable by autograd, or {nameof(TrainingOptions.AdjointIterations)} too small.");
        }

        return mode != GradientMode.AttachedSteps && !Agrees
            ? $"The implicit gradient of training is inexact: {compared}.{solves} {nameof(TrainingOptions.AdjointIterations)} may be too small, or a term not differentiable by autograd."
            : null;
    }

    /// <summary>Solves the first rows of a batch and compares; the weights are as before afterwards, their gradients cleared.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">d, shape <c>[batch, model.DataSize]</c>, finite.</param>
    /// <param name="targets">Shape <c>[batch, model.TargetSize]</c>.</param>
    /// <param name="options">How training attaches gradients and solves; the solves here are tighter where its tolerance is loose.</param>
    /// <param name="cancellationToken">Stops a solve by throwing <see cref="OperationCanceledException"/>.</param>
    public static GradientCheck Of(ImplicitModel model, Tensor data, Tensor targets, TrainingOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        options = options.For(model);
        using var interruption = Interruption.Scope(cancellationToken);
        using var scope = NewDisposeScope();
        using var mode = inference_mode(false);
        using var grad = enable_grad();
        var rows = Math.Min(data.shape[0], Math.Clamp(MostEntries / Math.Max(model.InferenceSize, 1), 1, MostRows));
        Tensor Take(Tensor t) => t.slice(0, 0, rows, 1).to(model.DataType).to(model.Device);
        return new Comparison(model, Take(data), Take(targets), options, cancellationToken).Run();
    }

    private sealed class Comparison(ImplicitModel model, Tensor data, Tensor targets, TrainingOptions options, CancellationToken cancellation)
    {
        private readonly FixedPointOptions solver = options.Solver with
        {
            ResidualTolerance = Math.Min(options.Solver.ResidualTolerance, Tolerance),
            FidelityTolerance = Math.Min(options.Solver.FidelityTolerance, Tolerance),
        };

        private readonly Tensor scale = model.Scale(data);
        private int solves;
        private int converged;

        public GradientCheck Run()
        {
            Tensor[] weights = [.. model.Weights.Select(w => w.Weight)];
            var start = weights.Select(w => w.detach().clone()).ToArray();
            try
            {
                var (loss, state, gradients) = Gradient(weights);
                double Norm(IEnumerable<Tensor> tensors) => Math.Sqrt(tensors.Sum(t => t.to(ScalarType.Float64).square().sum().ToDouble()));
                GradientCheck Along(int from, int to)
                {
                    var (length, size) = (Norm(gradients[from..to]), Norm(start[from..to]));
                    if (!(length > 0 && double.IsFinite(length)))
                        return new GradientCheck(length, length, 0, loss, (double)converged / solves);
                    // Short steps cross few kinks of the loss, long ones drown what the solves leave open.
                    var precision = solver.ResidualTolerance + (model.DataType == ScalarType.Float64 ? 1e-12 : 1e-6);
                    var h = Math.Min(WeightStep * Math.Max(size, WeightStep), Math.Sqrt(precision) * Math.Max(Math.Abs(loss), double.Epsilon) / length);
                    double At(double step)
                    {
                        using var none = no_grad();
                        for (var i = 0; i < weights.Length; i++)
                            weights[i].copy_(i >= from && i < to ? start[i] + (step / length * gradients[i]) : start[i]);
                        return Loss(state);
                    }

                    var measured = (At(h) - At(-h)) / (2 * h);
                    return new GradientCheck(length, measured, precision * Math.Abs(loss) / h, loss, (double)converged / solves);
                }

                var whole = Along(0, weights.Length);
                return weights.Length is < 2 or > MostWeights ? whole : whole with { Weights = [.. model.Weights.Select((w, i) => KeyValuePair.Create(w.Name, Along(i, i + 1)))] };
            }
            finally
            {
                using var none = no_grad();
                foreach (var (weight, from) in weights.Zip(start))
                {
                    weight.copy_(from);
                    weight.grad = null;
                }
            }
        }

        private (double Loss, SplittingState State, Tensor[] Gradients) Gradient(Tensor[] weights)
        {
            var splitting = model.CreateSplitting();
            try
            {
                var state = Solve(splitting, null);
                var loss = model.Loss(TrainingGradient.Attach(splitting, state, model.Unscale(data, scale), options) * scale, data, targets);
                foreach (var weight in weights)
                    weight.grad = null;
                loss.backward();
                Interruption.Check();
                return (loss.ToDouble(), state, [.. weights.Select(w => w.grad?.detach().clone() ?? zeros_like(w))]);
            }
            finally
            {
                splitting.Dispose();
            }
        }

        private double Loss(SplittingState near)
        {
            using var scope = NewDisposeScope();
            var splitting = model.CreateSplitting();
            try
            {
                var state = Solve(splitting, splitting.AttachesExactly ? null : near);
                return model.Loss(splitting.Inference(state, model.Unscale(data, scale)) * scale, data, targets).ToDouble();
            }
            finally
            {
                splitting.Dispose();
            }
        }

        private SplittingState Solve(Splitting splitting, SplittingState? near)
        {
            var solve = model.Solve(splitting, model.Unscale(data, scale), solver, near, cancellation);
            solves += solve.Status.Length;
            converged += solve.Status.Count(s => s == SolveStatus.Converged);
            return solve.State;
        }
    }
}
