namespace XaiL2O.Examples;

/// <summary>Seeded Gaussian draws.</summary>
internal static class Gaussian
{
    public static float Next(Random random)
    {
        // Box and Muller; 1 − u keeps the logarithm finite.
        var (u, v) = (1 - random.NextDouble(), random.NextDouble());
        return (float)(Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * v));
    }

    public static float[,] Matrix(int rows, int columns, Random random)
    {
        var matrix = new float[rows, columns];
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < columns; j++)
                matrix[i, j] = Next(random);
        }

        return matrix;
    }

    /// <summary>A Gaussian measurement matrix with columns of length 1.</summary>
    public static float[,] UnitColumns(int rows, int columns, Random random)
    {
        var matrix = Matrix(rows, columns, random);
        for (var j = 0; j < columns; j++)
        {
            var norm = 0.0;
            for (var i = 0; i < rows; i++)
                norm += matrix[i, j] * (double)matrix[i, j];
            norm = Math.Sqrt(norm);
            for (var i = 0; i < rows; i++)
                matrix[i, j] = (float)(matrix[i, j] / norm);
        }

        return matrix;
    }
}
