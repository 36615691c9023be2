using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Adds up the conditions of <see cref="Optimality"/> term by term, at an inference x of a splitting and with the points uᵢ and subgradients sᵢ that
/// it has.
/// </summary>
internal sealed class OptimalityMeasure
{
    /// <summary>
    /// The smallest objective that gaps are relative to, as a share of the objective at points that know nothing but the size of the data. An
    /// optimum of 0 is reached to this share, since no gap is small beside nothing.
    /// </summary>
    private const double Floor = 1e-9;

    private readonly Tensor x;
    private readonly Tensor data;
    private Tensor primal; // largest relative violation
    private Tensor consistency; // largest relative ‖Kᵢx − uᵢ‖ of terms without known values
    private Tensor objective; // Σ fᵢ(Kᵢx)
    private Tensor bound; // Σ fᵢ(uᵢ) − ⟨sᵢ, uᵢ⟩
    private Tensor size; // largest ‖x‖ that the data suggest
    private Tensor reference; // objective at points that know the size of the data only
    private bool known = true;

    /// <summary>Starts at an inference.</summary>
    /// <param name="x">Shape <c>[batch, n]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public OptimalityMeasure(Tensor x, Tensor data)
    {
        (this.x, this.data) = (x, data);
        size = x.norm(1);
        (primal, consistency, objective, bound, reference) = (zeros_like(size), zeros_like(size), zeros_like(size), zeros_like(size), zeros_like(size));
    }

    /// <summary>A proximable term.</summary>
    /// <param name="term">f with its operator K.</param>
    /// <param name="image">Kx, shape <c>[batch, K.OutputSize]</c>.</param>
    /// <param name="point">u.</param>
    /// <param name="subgradient">s ∈ ∂f(u).</param>
    public void Add(IProximable term, Tensor image, Tensor point, Tensor subgradient)
    {
        if (term is StackedTerm stack)
        {
            foreach (var (part, from, length) in stack.Blocks)
                Add(part, image.narrow(1, from, length), point.narrow(1, from, length), subgradient.narrow(1, from, length));
            return;
        }

        var scale = image.norm(1).maximum(point.norm(1));
        if (term is IDataTerm measured)
        {
            var norm = measured.DataNorm(data);
            scale = scale.maximum(norm);
            if (term.Operator.NormBound is > 0 and var K)
                size = size.maximum(norm / K);
        }

        var distance = Ratio.OfNorms((image - point).norm(1), scale);
        bound = bound - (subgradient * point).sum(1);
        if (term.IsConstraint)
        {
            primal = primal.maximum(distance);
        }
        else if (term.Value(image, data) is { } value)
        {
            objective = objective + value;
            bound = bound + term.Value(point, data)!;
        }
        else
        {
            known = false;
            consistency = consistency.maximum(distance);
        }
    }

    /// <summary>A smooth term at x itself.</summary>
    /// <param name="term">h.</param>
    /// <param name="gradient">∇h(x), shape <c>[batch, n]</c>.</param>
    public void Add(ISmooth term, Tensor gradient)
    {
        bound = bound - (gradient * x).sum(1);
        if (term.Value(x, data) is not { } value)
        {
            known = false;
            return;
        }

        (objective, bound) = (objective + value, bound + value);
        reference = reference + term.Value(zeros_like(x), data)!.abs();
        // Where the gradient at 0 alone would lead.
        if (term.LipschitzBound is > 0 and var L)
            size = size.maximum(term.Gradient(zeros_like(x), data).norm(1) / L);
    }

    /// <summary>
    /// The objective at Aᵀd/‖A‖², with A the operator of the first term that compares with the measurements: a point that knows no more than the size of
    /// the data, as a scale for objectives near 0.
    /// </summary>
    /// <param name="terms">All terms that are not smooth ones.</param>
    public void AddReference(params IProximable?[] terms)
    {
        var parts = terms.SelectMany(t => BlockProblem.Parts(t)).ToList();
        if (parts.FirstOrDefault(p => p is IDataTerm)?.Operator is not { NormBound: > 0 and var norm } A)
            return;
        var point = A.ApplyAdjoint(data) / (norm * norm);
        foreach (var part in parts.Where(p => !p.IsConstraint))
        {
            if (part.Value(part.Operator.Apply(point), data) is { } value)
                reference = reference + value.abs();
        }
    }

    /// <summary>The conditions.</summary>
    /// <param name="residual">r = Σ Kᵢᵀsᵢ, shape <c>[batch, …]</c>.</param>
    /// <param name="forces">‖Kᵢᵀsᵢ‖ of the parts of r, each of shape <c>[batch]</c>.</param>
    /// <param name="radius">The size of what r acts on where that is not x itself; the size of x that the data suggest counts if it is more.</param>
    public Optimality Result(Tensor residual, IReadOnlyList<Tensor> forces, Tensor? radius = null)
    {
        var r = residual.norm(1);
        if (!known)
            return new Optimality(primal, Ratio.OfNorms(r, forces.Aggregate((a, b) => a.maximum(b))), consistency);
        var scale = objective.abs().maximum(bound.abs()).maximum(Floor * reference);
        return new Optimality(primal, Ratio.OfNorms(r * (radius is null ? size : radius.maximum(size)), scale), Ratio.OfNorms((objective - bound).abs(), scale));
    }
}
