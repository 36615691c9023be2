using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A quadratic that depends on the data, h(x) = ½‖W₁x‖² + ⟨x, W₂d⟩, whose matrices are usually trained: what the training data know of the
/// signals, as in the worked example of the source (5)–(9). Gradient: W₁ᵀW₁x + W₂d. Property value: ‖∇h(x)‖/‖d‖, 0 where x minimises the term.
/// </summary>
public sealed class QuadraticTerm : Term, ISmooth
{
    private readonly LinearOperator pull;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="curvature">W₁.</param>
    /// <param name="pull">W₂, from the data to the space of x; not owned.</param>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public QuadraticTerm(string name, LinearOperator curvature, LinearOperator pull)
        : base(name, curvature)
    {
        ArgumentNullException.ThrowIfNull(pull);
        if (pull.OutputSize != curvature.InputSize)
            throw new ArgumentException($"W₁ takes vectors of length {curvature.InputSize} and W₂ gives vectors of length {pull.OutputSize}.", nameof(pull));
        this.pull = pull;
    }

    /// <inheritdoc/>
    public override string Formula => "‖W₁ᵀW₁x + W₂d‖/‖d‖";

    /// <inheritdoc/>
    public override string Cause => "a signal unlike those the quadratic was trained on";

    /// <inheritdoc/>
    public double LipschitzBound => Operator.NormBound * Operator.NormBound;

    /// <inheritdoc/>
    public double StrongConvexity => Math.Pow(Operator.LowerNormBound, 2);

    /// <inheritdoc/>
    public Tensor Gradient(Tensor u, Tensor data) => Operator.ApplyAdjoint(Operator.Apply(u)) + pull.Apply(data);

    /// <inheritdoc/>
    public Tensor? Value(Tensor u, Tensor data) => (Operator.Apply(u).square().sum(1) / 2) + (u * pull.Apply(data)).sum(1);

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => Ratio.OfNorms(Gradient(x, data).norm(1), data.norm(1));
}
