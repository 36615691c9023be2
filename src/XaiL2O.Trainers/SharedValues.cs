using XaiL2O.Certifiers;

namespace XaiL2O.Trainers;

/// <summary>
/// Values that are expensive to make and are shared: those used last are kept, as many as fit into a number of bytes, and one at least. What is let go stays with
/// those who hold it, ends with the last of them, and is made anew for others. Can be used from several threads.
/// </summary>
/// <param name="bytes">Most bytes that are kept.</param>
/// <param name="sizeOf">Bytes of a value.</param>
internal sealed class SharedValues<TKey, TValue>(long bytes, Func<TValue, long> sizeOf)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock gate = new();
    private readonly OrderedDictionary<TKey, Once<TValue>> used = []; // the least recently used one first

    /// <summary>The value of a key, made by the first who asks while others wait.</summary>
    public TValue Get(TKey key, Func<TValue> make)
    {
        Once<TValue>? known;
        lock (gate)
        {
            if (!used.Remove(key, out known))
                known = new Once<TValue>(make);
            used.Add(key, known);
        }

        var value = known.Value;
        lock (gate)
        {
            var total = used.Values.Sum(v => v.Made is { } made ? sizeOf(made) : 0);
            for (; total > bytes && used.Count > 1; used.RemoveAt(0))
                total -= used.GetAt(0).Value.Made is { } made ? sizeOf(made) : 0;
        }

        return value;
    }
}
