using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The linear prediction of costs from features that training of a <see cref="LearnedDecisionDefinition"/> starts from, ĉ = b + W((f − μ)/σ), by ridge regression on the training rows.</summary>
/// <param name="Mean">μ of every feature.</param>
/// <param name="Deviation">σ of every feature, positive; 1 for one that does not vary.</param>
/// <param name="Intercept">b of every cost.</param>
/// <param name="Weights">W, one row per cost, row-major.</param>
/// <param name="CostDeviation">Root mean square of the costs around their means, positive: the unit of what is learned beside.</param>
public sealed record CostStart(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation, IReadOnlyList<double> Intercept, IReadOnlyList<double> Weights, double CostDeviation)
{
    /// <summary>Ridges that are tried, relative to the mean square of a feature: 1 after centring and scaling.</summary>
    private static readonly double[] Ridges = [1e-8, 1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10];

    /// <summary>Regression on rows; the ridge is the one of the least generalised cross-validation (Golub, Heath and Wahba 1979, doi 10.1080/00401706.1979.10489751).</summary>
    /// <param name="features">Shape <c>[rows, features]</c>.</param>
    /// <param name="costs">Shape <c>[rows, costs]</c>.</param>
    internal static CostStart Fit(Tensor features, Tensor costs)
    {
        using var scope = NewDisposeScope();
        var rows = features.shape[0];
        var mean = features.mean([0], true);
        var deviation = (features - mean).square().mean([0], true).sqrt();
        deviation = where(deviation.gt(1e-12 * (mean.abs() + 1)), deviation, ones_like(deviation));
        var (F, b) = ((features - mean) / deviation, costs.mean([0], true));
        var centred = costs - b;
        // With F = USVᵀ the predictions are US²/(S² + nλ)Uᵀ of the costs, for all ridges from one decomposition.
        var (U, S, Vh) = linalg.svd(F, fullMatrices: false);
        var (projected, squares) = (mm(U.t(), centred), S.square());
        var (best, chosen) = (double.PositiveInfinity, Ridges[0]);
        foreach (var ridge in Ridges)
        {
            var shrink = squares / (squares + (ridge * rows));
            var left = 1 - ((shrink.sum().ToDouble() + 1) / rows);
            var error = (centred - mm(U, shrink.unsqueeze(1) * projected)).square().mean().ToDouble() / (left * left);
            if (left > 0 && error < best)
                (best, chosen) = (error, ridge);
        }

        var W = mm(Vh.t(), (S / (squares + (chosen * rows))).unsqueeze(1) * projected).t();
        double[] Values(Tensor t) => t.contiguous().data<double>().ToArray();
        var scale = centred.square().mean().sqrt().ToDouble();
        return new(Values(mean), Values(deviation), Values(b), Values(W), scale > 0 && double.IsFinite(scale) ? scale : 1);
    }

    internal void Validate(int features, int costs)
    {
        if (Mean.Count != features || Deviation.Count != features || Intercept.Count != costs || Weights.Count != features * costs)
            throw new ArgumentException($"The start has {Mean.Count} means, {Deviation.Count} deviations, {Intercept.Count} intercepts and {Weights.Count} weights; {features} features and {costs} costs need {features}, {features}, {costs} and {features * costs}.");
        if (Deviation.Any(σ => !(σ > 0)) || !(CostDeviation > 0) || Mean.Concat(Deviation).Concat(Intercept).Concat(Weights).Append(CostDeviation).Any(v => !double.IsFinite(v)))
            throw new ArgumentException("The start must hold finite numbers, and positive deviations.");
    }
}
