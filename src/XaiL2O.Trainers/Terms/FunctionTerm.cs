using XaiL2O.Certifiers;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// A property function as a term: f(Sx), or f(Sx, d) for a function of two vectors. A measure for reports and certificates; no algorithm can use it
/// (see <see cref="ModelBuilder.Report(string, PropertyFunction, LinearOperator?)"/>).
/// </summary>
internal sealed class FunctionTerm : Term
{
    private readonly PropertyFunction function;

    /// <exception cref="ArgumentException">The function takes vectors of another length than S gives.</exception>
    public FunctionTerm(string name, PropertyFunction function, LinearOperator linearOperator)
        : base(name, linearOperator)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (function.Sizes.First is { } size && size != linearOperator.OutputSize)
            throw new ArgumentException($"The function of '{name}' takes vectors of {size} numbers and gets {linearOperator.OutputSize}.", nameof(function));
        this.function = function;
    }

    public override string Cause => function.Cause;

    public override string Formula => function.Formula(function.Arity == 1 ? Transformed : $"{Transformed} and d");

    public override Sides Sides => function.Sides;

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(data);
        using var scope = NewDisposeScope();
        var rows = (int)x.shape[0];
        var first = Rows(Operator.Apply(x));
        var second = function.Arity == 1 ? [] : Rows(data);
        var (width, other) = (first.Length / rows, second.Length / rows);
        var values = new double[rows];
        for (var i = 0; i < rows; i++)
            values[i] = function.Evaluate(first.AsSpan(i * width, width), second.AsSpan(i * other, other));
        return tensor(values, dtype: x.dtype, device: x.device).MoveToOuterDisposeScope();
    }

    private static double[] Rows(Tensor values) => values.detach().cpu().to(float64).contiguous().data<double>().ToArray();
}
