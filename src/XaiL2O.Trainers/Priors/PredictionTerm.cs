using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// How badly the measurements of a row predict each other, whatever is inferred from them: (mean of tᵢ⁴)^¼ with the standardised errors t of
/// <see cref="MeasurementPrior.StandardizedErrors"/>. A measure for certificates; no algorithm can use it (see <see cref="ModelBuilder.Report(Term)"/>).
/// </summary>
/// <remarks>
/// The fourth power lies between the mean square, which sees small errors of all measurements, and the maximum, which sees a large error of one. The value
/// does not depend on the amplitude, and is NaN where all measurements are zero, which fails every certificate.
/// </remarks>
public sealed class PredictionTerm : Term
{
    private readonly MeasurementPrior prior;

    /// <summary>Creates the term.</summary>
    /// <param name="name">Property name.</param>
    /// <param name="prior">What the training rows say of measurements; not owned.</param>
    public PredictionTerm(string name, MeasurementPrior prior)
        : base(name, new IdentityOperator((prior ?? throw new ArgumentNullException(nameof(prior))).SignalLength)) => this.prior = prior;

    /// <inheritdoc/>
    public override string Formula => "fourth-power mean of the standardised errors of predicting each measurement from the others";

    /// <inheritdoc/>
    public override string Cause => "measurements that do not go together as those of the training rows do: damaged, missing or noisy ones, or a source unlike those of the training data";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => prior.StandardizedErrors(data).pow(4).mean([1]).pow(0.25);
}
