using Microsoft.ML.Data;

namespace XaiL2O.Examples;

/// <summary>What the saved chain appends to a window.</summary>
internal sealed class EcgInference
{
    public int Record { get; set; }

    public string Corruption { get; set; } = "";

    [VectorType(EcgWindow.SignalLength)]
    public float[] Signal { get; set; } = [];

    [VectorType(EcgWindow.SignalLength)]
    public float[] Estimate { get; set; } = [];

    [ColumnName("Prior.Value")]
    public double Prior { get; set; }

    [ColumnName("Fidelity.Value")]
    public double Fidelity { get; set; }

    [ColumnName("Prediction.Value")]
    public double Prediction { get; set; }

    [ColumnName("Agreement.Value")]
    public double Agreement { get; set; }

    /// <summary>What ‖x − x̂‖/‖x‖ is at most.</summary>
    [ColumnName("Estimate.ErrorBound")]
    public double ErrorBound { get; set; }

    public double JointPValue { get; set; }

    public double Residual { get; set; }

    public double Gap { get; set; }

    public int Iterations { get; set; }

    public bool Converged { get; set; }

    public bool Trustworthy { get; set; }

    public string FailedParts { get; set; } = "";

    /// <summary>Property values in the order of <see cref="EcgCertificates.Properties"/>.</summary>
    public double[] Values => [Prior, Prediction, Agreement, Fidelity, Converged ? 0 : 1];

    /// <summary>Whether the estimate is of no use for a diagnosis; certificates cannot know, since this needs the signal.</summary>
    public bool Bad => !(Prd <= EcgCertificates.LargestPrd);

    /// <summary>What the PRD is at most, in nine of ten rows.</summary>
    public double PrdBound => 100 * ErrorBound;

    /// <summary>Percentage root-mean-square difference, 100·‖x − x̂‖/‖x‖.</summary>
    public double Prd => 100 * Math.Sqrt(MatrixMath.SquaredDistance(Estimate, Signal)) / MatrixMath.Norm(Signal);
}
