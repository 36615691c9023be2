using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>What is reported of a decision, computed row by row.</summary>
/// <param name="name">Name of the property.</param>
/// <param name="size">n.</param>
/// <param name="value">The value from d and x of a row.</param>
/// <param name="formula">The value as a formula.</param>
/// <param name="cause">What usually makes it large.</param>
internal sealed class DecisionTerm(string name, int size, DecisionTerm.RowValue value, string formula, string cause) : Term(name, new IdentityOperator(size))
{
    public delegate double RowValue(ReadOnlySpan<double> data, ReadOnlySpan<double> x);

    public override string Formula => formula;

    public override string Cause => cause;

    public override Tensor PropertyValue(Tensor x, Tensor data)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(data);
        var (points, rows) = (TensorNumbers.Of(x), TensorNumbers.Of(data));
        var count = (int)x.shape[0];
        var values = new double[count];
        for (var row = 0; row < count; row++)
            values[row] = value(rows.AsSpan(row * (rows.Length / count), rows.Length / count), points.AsSpan(row * size, size));
        return tensor(values).to(x.dtype);
    }
}
