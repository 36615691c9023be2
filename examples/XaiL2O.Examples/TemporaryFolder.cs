using System.Collections.Concurrent;

namespace XaiL2O.Examples;

/// <summary>A folder for files that nobody shall find later, however the run ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> All = new();

    private readonly string path = Directory.CreateTempSubdirectory("xail2o-").FullName;

    public TemporaryFolder() => All[path] = true;

    public string PathOf(string file) => Path.Combine(path, file);

    /// <summary>Deletes those that are still there, when the process ends before their owners.</summary>
    public static void DeleteAll()
    {
        foreach (var path in All.Keys)
            Delete(path);
    }

    public void Dispose() => Delete(path);

    private static void Delete(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
        }
        catch (IOException)
        {
            // Someone still writes there, or another thread deletes it.
        }

        All.TryRemove(path, out _);
    }
}
