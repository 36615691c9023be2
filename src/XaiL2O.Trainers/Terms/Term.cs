using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// One piece of knowledge in a model (2): a function of S x, with S its <see cref="Operator"/>. A term gives the algorithm an
/// operator (see <see cref="IProximable"/>) and the certifier a property value.
/// </summary>
public abstract class Term
{
    /// <summary>Creates a term.</summary>
    /// <param name="name">Name under which the property appears in columns and certificates.</param>
    /// <param name="linearOperator">S; not owned.</param>
    protected Term(string name, LinearOperator linearOperator)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(linearOperator);
        Name = name;
        Operator = linearOperator;
    }

    /// <summary>Name of the property, for instance <c>Sparsity</c>.</summary>
    public string Name { get; }

    /// <summary>S, applied to the inference before the term's function.</summary>
    public LinearOperator Operator { get; }

    /// <summary>What usually makes the property value large, a sentence for the explanation of a failed certificate; empty when not known.</summary>
    public virtual string Cause => "";

    /// <summary>The property value as a formula, for reports; empty when not known.</summary>
    public virtual string Formula => "";

    /// <summary>
    /// Which property values are unusual: large ones, unless a term says otherwise. Norms and energies are positive for every real row, so that a value far below the
    /// calibrated ones means that the row is empty: a sensor that is off, an inference that collapsed. Violations of constraints and of measurements have no such side, since 0 is perfect.
    /// </summary>
    public virtual Sides Sides => Sides.Upper;

    /// <summary>S x in formulas.</summary>
    private protected string Transformed => Operator switch
    {
        IdentityOperator => "x",
        SignalDifferencesOperator or DifferencesOperator => "Dx",
        _ => "Kx",
    };

    /// <summary>How badly an inference violates this term: at least 0, small is good.</summary>
    /// <param name="x">Inference, shape <c>[batch, Operator.InputSize]</c>.</param>
    /// <param name="data">Measurements d, shape <c>[batch, data size]</c>.</param>
    /// <returns>Shape <c>[batch]</c>.</returns>
    public abstract Tensor PropertyValue(Tensor x, Tensor data);
}
