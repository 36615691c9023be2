using System.Numerics;

namespace XaiL2O.Certifiers;

/// <summary>
/// A property value as a function of one or two vectors of a row. Derive from it for a property of your own and register its kind
/// (<see cref="PropertyRegistry"/>), so that a saved model finds it again. Must be immutable and safe from many threads.
/// </summary>
public abstract class PropertyFunction
{
    /// <summary>How many vectors the function takes: 1 or 2.</summary>
    public virtual int Arity => 1;

    /// <summary>What usually causes a violation, a sentence for explanations; empty when not known.</summary>
    public virtual string Cause => "";

    /// <summary>What its arguments must be for it to be a number, for the message where calibration rows make it NaN or ∞; empty where finite ones are enough.</summary>
    public virtual string Requirement => "";

    /// <summary>What the function computes, for reports.</summary>
    /// <param name="of">What it is computed of: names of columns, or a symbol.</param>
    public virtual string Formula(string of) => $"{Describe().Kind} of {of}";

    /// <summary>Which values are unusual where the user does not say: large ones, unless 0 is as strange as a large value.</summary>
    public virtual Sides Sides => Sides.Upper;

    /// <summary>Length of the vectors, where the function fixes it: first, second.</summary>
    public virtual (int? First, int? Second) Sizes => (null, null);

    /// <summary>
    /// The property value: at least 0; NaN or ∞ fails. It must be one of these wherever an argument holds NaN or ∞, unless the property is about such
    /// entries: what is returned is all that a certificate sees.
    /// </summary>
    /// <param name="first">First vector.</param>
    /// <param name="second">Second vector; empty where <see cref="Arity"/> is 1.</param>
    public abstract double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second);

    /// <summary>What the function is made of, for saving.</summary>
    public abstract FunctionDescription Describe();

    /// <summary>‖x‖₀ or ‖Kx‖₀: entries above a tolerance in magnitude.</summary>
    /// <param name="tolerance">At least 0.</param>
    /// <param name="transform">K; none when null.</param>
    public static PropertyFunction Nonzeros(double tolerance = 0, DenseMatrix? transform = null) => new NonzerosFunction(tolerance, transform);

    /// <summary>‖x‖₁ or ‖Kx‖₁.</summary>
    /// <param name="transform">K; none when null.</param>
    public static PropertyFunction L1Norm(DenseMatrix? transform = null) => new L1Function(transform);

    /// <summary>‖Ax − d‖/‖d‖ of the vectors x and d; without A of the vectors Ax and d.</summary>
    /// <param name="measurement">A; none when null.</param>
    public static PropertyFunction RelativeError(DenseMatrix? measurement = null) => new RelativeErrorFunction(measurement);

    /// <summary>d_C(x).</summary>
    /// <param name="set">C.</param>
    public static PropertyFunction DistanceTo(TargetSet set) => new SetFunction(set);

    /// <summary>
    /// Mean distance to the nearest of known rows, for instance the features of the training rows, or an embedding of them: large for rows of a kind that the model was never shown. O(number of rows) each.
    /// </summary>
    /// <typeparam name="T">Type of the numbers, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="rows">Known rows, at least one, all of the same length, finite.</param>
    /// <param name="count">How many of the nearest count, from 1 to the number of rows.</param>
    /// <param name="scaling">The units in which the features count; their standard deviations over the known rows, unless you say otherwise.</param>
    /// <exception cref="ArgumentException">The rows differ in length, hold NaN or ∞, or are fewer than <paramref name="count"/>.</exception>
    public static PropertyFunction NeighbourDistance<T>(IReadOnlyList<T[]> rows, int count = 1, FeatureScaling scaling = FeatureScaling.Standardised)
        where T : INumber<T> => new NeighbourFunction(KnownRowsFunction.Flat(rows), count, scaling);

    /// <summary>
    /// √((x − μ)ᵀC⁻¹(x − μ)) with mean μ and covariance C of known rows: standard deviations from their mean, whatever the units of the features and however they vary together (Mahalanobis 1936).
    /// </summary>
    /// <typeparam name="T">Type of the numbers, <see cref="float"/> or <see cref="double"/>.</typeparam>
    /// <param name="rows">Known rows, finite; more than they have features, for C to be known.</param>
    /// <exception cref="ArgumentException">The rows differ in length, or hold NaN or ∞.</exception>
    public static PropertyFunction MahalanobisDistance<T>(IReadOnlyList<T[]> rows)
        where T : INumber<T> => new MahalanobisFunction(KnownRowsFunction.Flat(rows));

    /// <summary>Total variation of a signal.</summary>
    public static PropertyFunction TotalVariation() => new SignalVariationFunction();

    /// <summary>Total variation of an image.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns; the image comes row by row.</param>
    /// <param name="kind">Isotropic or anisotropic.</param>
    public static PropertyFunction TotalVariation(int height, int width, TotalVariationKind kind = TotalVariationKind.Anisotropic) =>
        new ImageVariationFunction(height, width, kind);

    /// <summary>1 − max xᵢ of class probabilities; of one number, the probability p of one of two classes, 1 − max(p, 1 − p).</summary>
    public static PropertyFunction ShortOfOneHot() => ShortOfOneHot(ClassScores.Probabilities);

    /// <summary>1 − max pᵢ of a classifier's probabilities, or of the softmax of its logits; one number speaks for the second of two classes.</summary>
    /// <param name="scores">What the column holds.</param>
    public static PropertyFunction ShortOfOneHot(ClassScores scores) => new OneHotFunction(scores);

    /// <summary>1 − (p₁ − p₂) of the two largest probabilities: near 1 where two classes are about as likely, however many others there are.</summary>
    /// <param name="scores">What the column holds.</param>
    public static PropertyFunction ShortOfMargin(ClassScores scores = ClassScores.Probabilities) => new MarginFunction(scores);

    /// <summary>−Σ pᵢ ln pᵢ of the probabilities, from 0 to the logarithm of the number of classes: large where many classes are likely.</summary>
    /// <param name="scores">What the column holds.</param>
    public static PropertyFunction Entropy(ClassScores scores = ClassScores.Probabilities) => new EntropyFunction(scores);

    /// <summary>
    /// ‖x − y‖ of what two models that were trained apart say of the same row, for instance two regressions: they agree where both know the answer. It does not
    /// see errors that both make.
    /// </summary>
    public static PropertyFunction Disagreement() => new ResidualFunction("Disagreement", "disagreement ‖x − y‖ of {0}", "an input unlike the training rows, where models that agree on those part ways, or a damaged one");

    /// <summary>min xᵢ of distances, for instance of those to the clusters that a clustering model gives as its score.</summary>
    public static PropertyFunction SmallestDistance() => new SmallestFunction();

    /// <summary>‖x^k − x^{k−1}‖ of the last two iterates.</summary>
    public static PropertyFunction IterateResidual() => new ResidualFunction("IterateResidual", "‖x − y‖ of {0}, the last two iterates", "a solve that stopped before it converged: too few iterations, a step that is too long, or data the model does not fit");

    /// <summary>‖x − prox(x)‖ of the vectors x and prox(x).</summary>
    public static PropertyFunction ProximalResidual() => new ResidualFunction("ProximalResidual", "‖x − prox(x)‖ of {0}", BuiltInFunctions.ProximalCause);

    /// <summary>‖x − prox(x)‖ with a registered proximal.</summary>
    /// <param name="name">Name under which <see cref="PropertyRegistry.RegisterMap"/> was called.</param>
    /// <exception cref="InvalidOperationException">Nothing is registered under the name.</exception>
    public static PropertyFunction ProximalResidual(string name) => new MapFunction(name, PropertyRegistry.Map(name));
}
