namespace XaiL2O.MLNet;

/// <summary>
/// Something large that is made when it is first used, and freed on request once nobody uses it; used again after that, it is made again. Can be used from several threads.
/// </summary>
internal sealed class Renewable<T>(Func<T> make, Action<T> free)
{
    private readonly Lock gate = new();
    private Made? made;

    /// <summary>Whether it is there.</summary>
    public bool IsMade
    {
        get
        {
            lock (gate)
                return made is not null;
        }
    }

    /// <summary>It stays until what this returns is disposed.</summary>
    public Use Take()
    {
        lock (gate)
        {
            made ??= new Made(make());
            made.Uses++;
            return new Use(this, made);
        }
    }

    /// <summary>Frees it as soon as nobody uses it. Who comes later gets another one.</summary>
    public void Free()
    {
        lock (gate)
        {
            if (made is not { } old)
                return;
            (made, old.IsDropped) = (null, true);
            FreeUnused(old);
        }
    }

    private void FreeUnused(Made old)
    {
        if (old is { Uses: 0, IsDropped: true })
            free(old.Value);
    }

    internal sealed class Made(T value)
    {
        public T Value => value;

        public int Uses { get; set; }

        public bool IsDropped { get; set; }
    }

    /// <summary>What <see cref="Take"/> returns.</summary>
    internal readonly struct Use(Renewable<T> parent, Made made) : IDisposable
    {
        public T Value => made.Value;

        public void Dispose()
        {
            lock (parent.gate)
            {
                made.Uses--;
                parent.FreeUnused(made);
            }
        }
    }
}
