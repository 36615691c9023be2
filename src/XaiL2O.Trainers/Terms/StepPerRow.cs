using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Marks terms whose proximal operator takes a step per row: a coefficient whose tensor has shape <c>[batch, 1]</c>.</summary>
internal interface IStepPerRow;

/// <summary>Marks terms that are sums over the entries of Kx, whose proximal operator takes a step per entry: a coefficient whose tensor has the shape of Kx.</summary>
internal interface IEntrywise : IStepPerRow;

/// <summary>Proximal operators with a step of its own for every row.</summary>
internal static class StepPerRow
{
    /// <summary>prox_{λf}(u) row by row. Terms that take one step only are asked once per distinct step.</summary>
    /// <param name="term">f.</param>
    /// <param name="u">Shape <c>[batch, size]</c>.</param>
    /// <param name="steps">λ, shape <c>[batch, 1]</c>.</param>
    /// <param name="data">d, shape <c>[batch, data size]</c>.</param>
    public static Tensor Proximal(IProximable term, Tensor u, Tensor steps, Tensor data)
    {
        if (Takes(term))
            return term.Proximal(u, new Coefficient(double.NaN, steps), data);
        var values = steps.squeeze(1).to(ScalarType.Float64).cpu().data<double>().ToArray();
        var result = zeros_like(u);
        foreach (var group in Enumerable.Range(0, values.Length).GroupBy(i => values[i]))
        {
            using var rows = tensor(group.Select(i => (long)i).ToArray(), device: u.device);
            result.index_copy_(0, rows, term.Proximal(u.index_select(0, rows), group.Key, data.index_select(0, rows)));
        }

        return result;
    }

    /// <summary>Whether the function treats every entry apart, so that its proximal operator takes a step per entry, <c>[batch, size]</c>.</summary>
    public static bool IsEntrywise(IProximable term) => term is IEntrywise || (term is WeightedProximable weighted && IsEntrywise(weighted.Term));

    /// <summary>A constraint is projected onto whatever the step.</summary>
    private static bool Takes(IProximable term) => term is IStepPerRow || term.IsConstraint || (term is WeightedProximable weighted && Takes(weighted.Term));
}
