using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// How far an estimate is from the best linear one, ‖x − Bd‖/‖x‖ with <see cref="MeasurementPrior.Estimate"/>: what two ways of inference do not agree on, the
/// measurements do not decide. A measure for certificates; no algorithm can use it (see <see cref="ModelBuilder.Report(Term)"/>).
/// </summary>
/// <remarks>The value does not depend on the amplitude, and is NaN where all measurements are zero, which fails every certificate.</remarks>
public sealed class AgreementTerm : Term
{
    private readonly MeasurementPrior prior;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="prior">Holds the linear estimate; not owned.</param>
    public AgreementTerm(string name, MeasurementPrior prior)
        : base(name, new IdentityOperator((prior ?? throw new ArgumentNullException(nameof(prior))).SignalLength)) => this.prior = prior;

    /// <inheritdoc/>
    public override string Formula => "‖x − x_linear‖/‖x‖";

    /// <inheritdoc/>
    public override string Cause => "an estimate that the linear estimate contradicts: damaged or noisy measurements, or a source unlike those of the training data";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(data);
        var estimate = x.cpu().to(float64);
        var ratio = (estimate - prior.Estimate(data)).norm(1) / estimate.norm(1);
        return where(data.cpu().eq(0).all(1), full_like(ratio, double.NaN), ratio);
    }
}
