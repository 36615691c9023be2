using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// Filtered back-projection, optionally followed by a network: the explicit methods that implicit models are compared with. Properties:
/// <c>Box</c>, <c>Fidelity</c>, <c>TotalVariation</c>.
/// </summary>
public sealed class BackProjectionModel : ImplicitModel
{
    private readonly RadonOperator radon;
    private readonly FilteredBackProjection backProjection;
    private readonly UNet? network;
    private readonly BackProjectionFilter filter;

    /// <summary>Creates the model.</summary>
    /// <param name="radon">A; shared, not owned.</param>
    /// <param name="filter">Filter of the back-projection.</param>
    /// <param name="network">A network applied to the result, owned; none when null.</param>
    /// <param name="device">Device; CPU when null. The network is there already.</param>
    public BackProjectionModel(RadonOperator radon, BackProjectionFilter filter, UNet? network = null, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(radon);
        (this.radon, this.network, this.filter, Device) = (radon, network, filter, device ?? CPU);
        backProjection = new FilteredBackProjection(radon, filter);
        Terms =
        [
            new BoxTerm("Box", InferenceSize, 0, 1),
            new FidelityTerm("Fidelity", radon),
            new L1Term("TotalVariation", new DifferencesOperator(radon.Geometry.ImageSize)),
        ];
    }

    /// <inheritdoc/>
    public override int DataSize => radon.OutputSize;

    /// <inheritdoc/>
    public override int InferenceSize => radon.InputSize;

    /// <summary>What is measured of the images; nothing here is minimised.</summary>
    public override IReadOnlyList<Term> Terms { get; }

    /// <inheritdoc/>
    public override Term? Feasibility => null;

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Tensor Weight)> Weights => network?.Weights ?? [];

    /// <summary>Geometry and filter; the network is its weights.</summary>
    public override IReadOnlyList<object?> Configuration => [radon.Geometry, filter];

    /// <inheritdoc/>
    public override ScalarType DataType => ScalarType.Float32;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <inheritdoc/>
    public override Splitting CreateSplitting() => new ExplicitMap(Reconstruct);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            network?.Dispose();
        base.Dispose(disposing);
    }

    private Tensor Reconstruct(Tensor data)
    {
        var size = radon.Geometry.ImageSize;
        var image = backProjection.Apply(data);
        return network is null ? image : network.Apply(image.view(-1, 1, size, size)).flatten(1);
    }
}
