using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>Which share of a scan's beams measured nothing. It says nothing of the image: of a scan that lost much no image can be known well.</summary>
/// <param name="name">Property name.</param>
/// <param name="radon">A; shared, not owned.</param>
/// <param name="dead">The input that says which beams are dead.</param>
internal sealed class DeadBeamsTerm(string name, RadonOperator radon, RowInput dead) : Term(name, radon)
{
    /// <inheritdoc/>
    public override string Formula => "share of beams that measured nothing";

    /// <inheritdoc/>
    public override string Cause => "broken detector bins, or angles that were lost: the image rests on what the other beams say";

    /// <inheritdoc/>
    public override Tensor PropertyValue(Tensor x, Tensor data) => dead.Of(data).mean([1]);
}
