using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>A window whose estimate and whose true signal calibrate the certificates.</summary>
internal sealed class EcgCalibration
{
    [ColumnName("Prior.Value")]
    public double Prior { get; set; }

    public double PriorOfTruth { get; set; }

    [ColumnName("Prediction.Value")]
    public double Prediction { get; set; }

    [ColumnName("Agreement.Value")]
    public double Agreement { get; set; }

    public double AgreementOfTruth { get; set; }

    [ColumnName("Fidelity.Value")]
    public double Fidelity { get; set; }

    public bool Converged { get; set; }

    /// <summary>Pairs estimates with the truths of the same windows.</summary>
    public static EcgCalibration[] Of(IEnumerable<EcgInference> estimates, IEnumerable<EcgInference> truths) =>
    [
        .. estimates.Zip(truths, (estimate, truth) => new EcgCalibration
        {
            Prior = estimate.Prior,
            PriorOfTruth = truth.Prior,
            Prediction = estimate.Prediction,
            Agreement = estimate.Agreement,
            AgreementOfTruth = truth.Agreement,
            Fidelity = estimate.Fidelity,
            Converged = estimate.Converged,
        }),
    ];
}
