namespace XaiL2O.MLNet;

/// <summary>
/// Keeps the state of an experiment to one run, of whatever process: two would overwrite each other's trials and delete each other's best model. A file beside the state,
/// locked as long as this is not disposed; what a killed process leaves of it is locked no more.
/// </summary>
internal sealed class StateLease : IDisposable
{
    /// <summary>Another has the file: Windows' code, and EWOULDBLOCK of Linux and macOS.</summary>
    private static readonly int[] Taken = [unchecked((int)0x80070020), 11, 35];

    private readonly FileStream file;

    /// <exception cref="IOException">Another run has the state, or the file cannot be made.</exception>
    public StateLease(string statePath)
    {
        try
        {
            file = new FileStream(statePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e) when (Taken.Contains(e.HResult))
        {
            throw new IOException($"Another experiment that runs now saves to {statePath}; wait for its end, or choose another file.", e);
        }
    }

    public void Dispose() => file.Dispose();
}
