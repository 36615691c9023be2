namespace XaiL2O.MLNet;

/// <summary>Arrays of rows side by side that grow with the rows that come, not with those that may.</summary>
internal static class RowRoom
{
    /// <summary>Where a row lies; its array is replaced by one of twice the length where it ends before.</summary>
    /// <param name="values">Rows 0 … slot − 1 and perhaps more.</param>
    /// <param name="slot">The row.</param>
    /// <param name="size">Values of a row.</param>
    public static Span<T> Of<T>(ref T[] values, int slot, int size)
    {
        var end = (slot + 1L) * size;
        if (end > values.Length)
            Array.Resize(ref values, (int)Math.Max(end, Math.Min(2L * values.Length, Array.MaxLength)));
        return values.AsSpan((int)(end - size), size);
    }
}
