using System.Runtime.InteropServices;

namespace XaiL2O.Trainers;

/// <summary>
/// libtorch asks glibc for aligned blocks, and glibc (seen in 2.41) does not find a freed aligned block again: a loop that frees several
/// tensors at once grows by their size in every round, to gigabytes in a solve. Blocks of their own mapping are returned when freed.
/// </summary>
internal static class AlignedMemory
{
    private const int MappingThreshold = -3; // M_MMAP_THRESHOLD
    private const int Bytes = 1 << 20; // smaller blocks come too often: mapping each made a dictionary training twice as slow

    /// <summary>Gives every larger block its own mapping; without effect where the C library is not glibc.</summary>
    public static void ReturnFreedBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetOption(MappingThreshold, Bytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library: it has no such option, and not this trouble.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetOption(int parameter, int value);
}
