using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The promises of a <see cref="Term"/>: its value, proximal operator and gradient.</summary>
internal static class TermChecks
{
    private static readonly double[] Steps = [0.1, 1, 10];

    /// <summary>Share by which changes may exceed what is promised of them.</summary>
    private const double Slack = 1e-3;

    public static void Run(Probe probe, Term term)
    {
        var x = probe.Normal(term.Operator.InputSize);
        if (term.PropertyValue(x, probe.Data) is var value && value.shape.SequenceEqual([x.shape[0]]))
            probe.Rows(term.Name, "PropertyValue", x.shape[0], rows => term.PropertyValue(x.index_select(0, rows), probe.Data.index_select(0, rows)));
        else
            probe.Report(term.Name, ModelPromise.Shape, $"PropertyValue of '{term.Name}' has shape [{string.Join(", ", value.shape)}]; it must be [{x.shape[0]}], one value per row.");
        if (term is IProximable proximable)
            Proximal(probe, term.Name, proximable);
        if (term is ISmooth smooth)
            Gradient(probe, term, smooth);
    }

    private static void Proximal(Probe probe, string name, IProximable f)
    {
        var (size, data) = (f.Operator.OutputSize, probe.Data);
        var u = probe.Normal(size);
        if (!probe.Fits(name, "Proximal", f.Proximal(u, 1, data), u.shape))
            return;
        probe.Rows(name, "Proximal", u.shape[0], rows => f.Proximal(u.index_select(0, rows), 1, data.index_select(0, rows)));
        // A learned network stands for a proximal operator, and says itself how far it is from one.
        if (f is RegularizerTerm)
            return;
        for (var trial = 0; trial < probe.Trials; trial++)
        {
            var step = Steps[trial % Steps.Length];
            var (a, b) = (2 * probe.Normal(size), 2 * probe.Normal(size));
            var (p, q) = (f.Proximal(a, step, data), f.Proximal(b, step, data));
            var moved = (p - q).square().sum(1) - ((p - q) * (a - b)).sum(1);
            if (moved.max().ToDouble() > Slack * (a - b).square().sum(1).max().ToDouble())
            {
                probe.Report(name, ModelPromise.Proximal, $"Proximal of '{name}' is not that of a convex function: for step {step} two points of distance {(a - b).norm().ToDouble():G4} come out {(p - q).norm().ToDouble():G4} apart with ‖p − q‖² above ⟨p − q, u − v⟩. Convergence is proved for firmly non-expansive operators.");
                return;
            }

            if (f.IsConstraint && (f.Proximal(p, step, data) - p).norm().ToDouble() > 100 * Math.Sqrt(probe.Rounding) * (1 + p.norm().ToDouble()))
            {
                probe.Report(name, ModelPromise.Proximal, $"Proximal of the constraint '{name}' is no projection: a second one moves the point by {(f.Proximal(p, step, data) - p).norm().ToDouble():G4}; it must stay.");
                return;
            }

            if (!Minimises(probe, name, f, a, p, step))
                return;
        }
    }

    /// <summary>step·f(p) + ½‖p − u‖² is least at p among points nearby.</summary>
    private static bool Minimises(Probe probe, string name, IProximable f, Tensor u, Tensor p, double step)
    {
        if (f.IsConstraint || f.Value(p, probe.Data) is not { } value)
            return true;
        Tensor Objective(Tensor v, Tensor at) => (step * at) + (0.5 * (v - u).square().sum(1));
        var here = Objective(p, value);
        foreach (var radius in new[] { 1e-3, 1e-1 })
        {
            var near = p + (radius * probe.Normal((int)p.shape[1]));
            var lower = (here - Objective(near, f.Value(near, probe.Data)!)).max().ToDouble();
            if (lower <= 1e-6 + (1000 * probe.Rounding * here.abs().max().ToDouble()))
                continue;
            probe.Report(name, ModelPromise.Proximal, $"Proximal of '{name}' is not the minimiser: for step {step} a point {radius} away has an objective that is {lower:G4} lower than {here.max().ToDouble():G6}. Proximal or Value is wrong.");
            return false;
        }

        return true;
    }

    private static void Gradient(Probe probe, Term term, ISmooth h)
    {
        var (size, data) = (term.Operator.InputSize, probe.Data);
        var u = probe.Normal(size);
        if (!probe.Fits(term.Name, "Gradient", h.Gradient(u, data), u.shape))
            return;
        probe.Rows(term.Name, "Gradient", u.shape[0], rows => h.Gradient(u.index_select(0, rows), data.index_select(0, rows)));
        var (origin, ε) = (h.Gradient(u, data), Math.Sqrt(probe.Rounding));
        Tensor Change(Tensor v) => (h.Gradient(u + (ε * v), data) - origin) / ε;
        // The Hessian is symmetric, so that it is its own adjoint.
        var slope = probe.Norm(size, Change, Change);
        if (!(slope <= (h.LipschitzBound * (1 + Slack)) + ε))
            probe.Report(term.Name, ModelPromise.Bound, $"The gradient of '{term.Name}' changes by {slope:G6} per unit, and its LipschitzBound is {h.LipschitzBound:G6}. Step sizes rest on the bound, so that iterations diverge; it must not be below.");
        for (var trial = 0; trial < probe.Trials && h.Value(u, data) is not null; trial++)
        {
            var v = probe.Normal(size);
            var measured = (h.Value(u + (ε * v), data)! - h.Value(u - (ε * v), data)!) / (2 * ε);
            var promised = (origin * v).sum(1);
            var errors = (measured - promised).abs();
            var (error, row) = (errors.max().ToDouble(), errors.argmax().ToInt64());
            if (error <= (10 * ε * (1 + origin.norm().ToDouble()) * v.norm().ToDouble()) + (probe.Rounding / ε * h.Value(u, data)!.abs().max().ToDouble()))
                continue;
            probe.Report(term.Name, ModelPromise.Gradient, $"Gradient of '{term.Name}' is not that of its Value: along a random direction the value changes by {measured[row].ToDouble():G6} per unit, and the gradient says {promised[row].ToDouble():G6}.");
            return;
        }
    }
}
