using TorchSharp;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A scalar of an algorithm or a term, such as a step size: a constant, or a trained value whose tensor carries the gradient.
/// Operators take the tensor where there is one, so formulas read the same for both.
/// </summary>
/// <param name="Value">The number as it is now.</param>
/// <param name="Learned">The same number as a tensor with one element and a gradient; null for a constant. Not owned.</param>
public readonly record struct Coefficient(double Value, Tensor? Learned = null)
{
    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    public static implicit operator Coefficient(double value) => new(value);

    /// <summary>c·t.</summary>
    /// <param name="left">c.</param>
    /// <param name="right">t, any shape.</param>
    public static Tensor operator *(Coefficient left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(right);
        return left.Learned is { } tensor ? right * tensor : right * left.Value;
    }

    /// <summary>A constant.</summary>
    /// <param name="value">Its value.</param>
    public static Coefficient FromDouble(double value) => value;

    /// <summary>c·t.</summary>
    /// <param name="left">c.</param>
    /// <param name="right">t, any shape.</param>
    public static Tensor Multiply(Coefficient left, Tensor right) => left * right;

    /// <summary>The product of two coefficients; trained where one of them is.</summary>
    /// <param name="other">The other factor.</param>
    public Coefficient Times(Coefficient other)
    {
        var product = Value * other.Value;
        return (Learned, other.Learned) switch
        {
            ({ } a, { } b) => new Coefficient(product, a * b),
            ({ } a, null) => new Coefficient(product, a * other.Value),
            (null, { } b) => new Coefficient(product, b * Value),
            _ => product,
        };
    }

    /// <summary>y + c·x, in one pass over memory where c is a constant.</summary>
    internal Tensor Axpy(Tensor x, Tensor y) => Learned is { } tensor ? y + (tensor * x) : y.add(x, Value);

    /// <summary>t/(1 + c).</summary>
    internal Tensor DividePlusOne(Tensor t) => Learned is { } tensor ? t / (1 + tensor) : t / (1 + Value);

    /// <summary>A trained value; the number alone where no gradients are recorded, so that it outlives the tensor.</summary>
    /// <param name="tensor">One element.</param>
    public static Coefficient Of(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return new Coefficient(tensor.ToDouble(), is_grad_enabled() ? tensor : null);
    }
}
