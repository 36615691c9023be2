namespace XaiL2O.Data;

/// <summary>Cuts, turns and resamples square images.</summary>
internal static class SliceGeometry
{
    public static float[] Cut(float[] image, int size, int top, int left, int cut)
    {
        if (cut == size)
            return image;
        var result = new float[cut * cut];
        for (var row = 0; row < cut; row++)
            image.AsSpan(((top + row) * size) + left, cut).CopyTo(result.AsSpan(row * cut));
        return result;
    }

    /// <summary>Mirrors left to right, then turns by quarter turns.</summary>
    public static float[] Turn(float[] image, int size, bool mirror, int quarters)
    {
        if (!mirror && quarters == 0)
            return image;
        var result = new float[image.Length];
        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                var (i, j) = quarters switch { 1 => (column, size - 1 - row), 2 => (size - 1 - row, size - 1 - column), 3 => (size - 1 - column, row), _ => (row, column) };
                result[(row * size) + column] = image[(i * size) + (mirror ? size - 1 - j : j)];
            }
        }

        return result;
    }

    /// <summary>Averages over the area that each new pixel covers; keeps the mean. Enlarging repeats pixels.</summary>
    public static float[] Resample(float[] image, int from, int to)
    {
        if (from == to)
            return image;
        // The same weights along both directions: for each new index, the old ones it covers.
        var weights = Enumerable.Range(0, to).Select(i =>
        {
            var (low, high) = ((double)i * from / to, (i + 1.0) * from / to);
            return Enumerable.Range((int)low, Math.Min(from, (int)Math.Ceiling(high - 1e-9)) - (int)low)
                .Select(j => (Index: j, Weight: (Math.Min(high, j + 1) - Math.Max(low, j)) / (high - low))).ToArray();
        }).ToArray();
        var columns = new double[from * to];
        for (var row = 0; row < from; row++)
            for (var i = 0; i < to; i++)
                foreach (var (j, w) in weights[i])
                    columns[(row * to) + i] += w * image[(row * from) + j];
        var result = new float[to * to];
        for (var i = 0; i < to; i++)
        {
            for (var column = 0; column < to; column++)
            {
                var sum = 0.0;
                foreach (var (j, w) in weights[i])
                    sum += w * columns[(j * to) + column];
                result[(i * to) + column] = (float)sum;
            }
        }

        return result;
    }
}
