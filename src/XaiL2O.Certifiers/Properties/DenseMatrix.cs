using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>A matrix, row by row, for properties of Kx or Ax. Immutable.</summary>
public sealed class DenseMatrix
{
    private readonly double[] values;

    /// <summary>Copies the values.</summary>
    /// <param name="rows">Rows, at least 1.</param>
    /// <param name="columns">Columns, at least 1.</param>
    /// <param name="values">rows·columns finite values, row by row.</param>
    /// <exception cref="ArgumentException">The sizes do not fit, or a value is not finite.</exception>
    public DenseMatrix(int rows, int columns, ReadOnlySpan<double> values)
    {
        if (rows < 1 || columns < 1 || (long)rows * columns != values.Length)
            throw new ArgumentException($"A {rows}×{columns} matrix needs {(long)rows * columns} values; got {values.Length}.", nameof(values));
        foreach (var value in values)
        {
            if (!double.IsFinite(value))
                throw new ArgumentException("A matrix of a property must be finite.", nameof(values));
        }

        (Rows, Columns, this.values) = (rows, columns, values.ToArray());
    }

    /// <summary>Copies a two-dimensional array.</summary>
    /// <param name="matrix">Finite values.</param>
    public DenseMatrix(float[,] matrix)
        : this((matrix ?? throw new ArgumentNullException(nameof(matrix))).GetLength(0), matrix.GetLength(1), [.. matrix.Cast<float>().Select(v => (double)v)])
    {
    }

    /// <summary>Copies a two-dimensional array.</summary>
    /// <param name="matrix">Finite values.</param>
    public DenseMatrix(double[,] matrix)
        : this((matrix ?? throw new ArgumentNullException(nameof(matrix))).GetLength(0), matrix.GetLength(1), [.. matrix.Cast<double>()])
    {
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>The values row by row.</summary>
    public ReadOnlySpan<double> Values => values;

    /// <summary>Writes Mx.</summary>
    /// <param name="x">Length <see cref="Columns"/>.</param>
    /// <param name="result">Length <see cref="Rows"/>.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Multiply(ReadOnlySpan<double> x, Span<double> result)
    {
        if (x.Length != Columns || result.Length != Rows)
            throw new ArgumentException($"A {Rows}×{Columns} matrix maps {Columns} values to {Rows}; got {x.Length} and room for {result.Length}.", nameof(x));
        for (var i = 0; i < Rows; i++)
            result[i] = TensorPrimitives.Dot(values.AsSpan(i * Columns, Columns), x);
    }
}
