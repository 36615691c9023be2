using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>The hyperplane ⟨a, x⟩ = b, as hyperplanes and half-spaces need it.</summary>
internal sealed class PlaneGeometry
{
    private readonly Tensor normal;
    private readonly double offset;
    private readonly RowInput? rows; // of the offset, where each row has its own

    public PlaneGeometry(Tensor normal, RowInput offset)
        : this(normal, 0)
    {
        ArgumentNullException.ThrowIfNull(offset);
        offset.CheckSize(1, "the offset of a plane", nameof(offset));
        rows = offset;
    }

    public PlaneGeometry(Tensor normal, double offset)
    {
        ArgumentNullException.ThrowIfNull(normal);
        if (normal.dim() != 1)
            throw new ArgumentException($"A normal is a vector; the tensor has {normal.dim()} dimensions.", nameof(normal));
        Norm = normal.norm().ToDouble();
        if (!(Norm > 0 && double.IsFinite(Norm) && double.IsFinite(offset)))
            throw new ArgumentException($"A plane needs a finite normal that is not zero and a finite offset; got ‖a‖ = {Norm}, b = {offset}.", nameof(normal));
        (this.normal, this.offset) = (normal, offset);
    }

    /// <summary>‖a‖.</summary>
    public double Norm { get; }

    public int Size => (int)normal.shape[0];

    /// <summary>(⟨a, u⟩ − b)/‖a‖², shape <c>[batch, 1]</c>.</summary>
    public Tensor Height(Tensor u, Tensor data)
    {
        var product = (u * normal).sum(1, true);
        return (rows is null ? product - offset : product - rows.Of(data)) / (Norm * Norm);
    }

    /// <summary>u − height·a.</summary>
    public Tensor Along(Tensor u, Tensor height) => u - (height * normal);
}
