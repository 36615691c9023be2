using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Checks a definition on random vectors: adjoints and norm bounds of operators, proximal operators, gradients and their Lipschitz constants, rows that mix,
/// and where there are rows to train on the gradient of training. A part that breaks its promise gives wrong answers, which look like answers.
/// </summary>
/// <remarks>
/// A finding is proof, up to rounding; no finding is none. Use it in the tests of a definition of your own: <c>Assert.That(ModelCheck.Of(definition), Is.Empty)</c>.
/// Making a trainer from a definition runs it with few vectors and refuses a definition with findings, those about proximal operators aside, which it logs: a term that is not
/// convex may be meant.
/// </remarks>
public static class ModelCheck
{
    private const int Seed = 20260101;
    private const int DefaultTrials = 20;

    /// <summary>Checks the model of a definition, in double precision, with 20 random vectors per promise.</summary>
    /// <param name="definition">The definition.</param>
    /// <exception cref="ArgumentException">The terms do not fit together.</exception>
    public static IReadOnlyList<ModelFinding> Of(ModelDefinition definition) => Of(definition, DefaultTrials);

    /// <summary>Checks the model of a definition, in double precision.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="trials">Random vectors per promise, at least 1; also steps of the power iterations that estimate norms, four for each.</param>
    /// <exception cref="ArgumentException">The terms do not fit together.</exception>
    public static IReadOnlyList<ModelFinding> Of(ModelDefinition definition, int trials)
    {
        using var model = new DefinedModel(definition, ScalarType.Float64);
        return Of(model, trials);
    }

    /// <summary>Checks a model with the weights it has.</summary>
    /// <param name="model">The model; in double precision rounding hides least.</param>
    /// <param name="trials">Random vectors per promise, at least 1; also steps of the power iterations that estimate norms, four for each.</param>
    public static IReadOnlyList<ModelFinding> Of(ImplicitModel model, int trials)
    {
        ArgumentNullException.ThrowIfNull(model);
        Check.AtLeast(trials, 1);
        using var work = NativeWork.Enter();
        using var scope = NewDisposeScope();
        using var grad = no_grad();
        using var generator = new Generator(Seed);
        var findings = new List<ModelFinding>();
        var probe = new Probe(model, generator, trials, findings);
        // A composed model makes its terms anew whenever it is asked.
        var objective = model.Terms.Select(t => t.Name).ToHashSet();
        var operators = new HashSet<LinearOperator>(ReferenceEqualityComparer.Instance);
        foreach (var term in model.Properties)
        {
            // Terms at fault may fail in many ways; each is a finding of its own, and the others are still checked.
            Guarded(term.Name, findings, () =>
            {
                if (operators.Add(term.Operator))
                    OperatorChecks.Run(probe, term);
                if (objective.Contains(term.Name))
                    TermChecks.Run(probe, term);
            });
        }

        Guarded(model.GetType().Name, findings, () => Rows(probe));
        return findings;
    }

    /// <summary>Checks a model as <see cref="Of(ImplicitModel, int)"/> does, and its gradient of training on given rows.</summary>
    /// <param name="model">The model; its weights are as before afterwards.</param>
    /// <param name="data">d, shape <c>[rows, model.DataSize]</c>, finite; the first few are used.</param>
    /// <param name="targets">Shape <c>[rows, model.TargetSize]</c>.</param>
    /// <param name="options">How training solves and attaches gradients.</param>
    public static IReadOnlyList<ModelFinding> Of(ImplicitModel model, Tensor data, Tensor targets, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var findings = Of(model, DefaultTrials);
        return GradientCheck.Of(model, data, targets, options).Complaint(options.For(model).Gradient) is { } complaint
            ? [.. findings, new ModelFinding(model.GetType().Name, ModelPromise.Training, complaint)]
            : findings;
    }

    /// <summary>The first steps of a batch and of its rows alone.</summary>
    private static void Rows(Probe probe)
    {
        const int steps = 3;
        var (model, data) = (probe.Model, probe.Data);
        Tensor Answer(Tensor d)
        {
            var scaled = model.Unscale(d, model.Scale(d));
            var splitting = model.CreateSplitting();
            try
            {
                var state = splitting.Initialize(scaled);
                for (var step = 0; step < steps; step++)
                    state = splitting.Step(state, scaled);
                return splitting.Inference(state, scaled) * model.Scale(d);
            }
            finally
            {
                splitting.Dispose();
            }
        }

        probe.Rows(model.GetType().Name, "the iteration", data.shape[0], rows => Answer(data.index_select(0, rows)));
    }

    private static void Guarded(string part, List<ModelFinding> findings, Action check)
    {
        try
        {
            check();
        }
        catch (Exception e) when (e is ExternalException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            findings.Add(new ModelFinding(part, ModelPromise.Shape, $"'{part}' does not compute: {e.Message.Split('\n')[0]}"));
        }
    }
}
