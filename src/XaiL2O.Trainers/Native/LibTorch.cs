using System.Runtime.InteropServices;
using TorchSharp;

namespace XaiL2O.Trainers;

/// <summary>
/// TorchSharp's native library: makes sure, once, that it loads, turns its failure into one <see cref="LibTorchException"/> that names the cause and the remedy, and
/// sets the memory allocator that it uses where an application asks for it.
/// </summary>
public static class LibTorch
{
    /// <summary>The C++ runtime symbol version that the native library of TorchSharp 0.107 is linked against.</summary>
    private const string NeededSymbol = "GLIBCXX_3.4.32";

    private const int MappingThreshold = -3; // M_MMAP_THRESHOLD
    private const int MappedBytes = 1 << 20; // smaller blocks come too often: mapping each made a dictionary training twice as slow

    private static readonly Lazy<Exception?> LoadFailure = new(TryLoad);

    /// <summary>Loads the native library if that has not happened yet.</summary>
    /// <exception cref="LibTorchException">The library is missing, or the system's C++ runtime is too old for it.</exception>
    public static void EnsureLoaded()
    {
        if (LoadFailure.Value is { } failure)
            throw new LibTorchException(Explain(failure), failure);
    }

    /// <summary>
    /// Sets the memory allocator of the whole process, where it is glibc's, to return every freed block of 1 MiB and more to the system. libtorch asks glibc for
    /// aligned blocks, and glibc (seen in 2.41) does not find a freed aligned block again: a loop that frees several large tensors at once grows by their size in every
    /// round, to gigabytes in a solve of CT images. An application calls this once, at its start, or loads another allocator such as jemalloc, which is faster; this
    /// library does neither by itself. Without effect where the C library is not glibc.
    /// </summary>
    public static void ReturnFreedBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            _ = SetAllocatorOption(MappingThreshold, MappedBytes);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library: it has no such option, and not this trouble.
        }
    }

    [DllImport("libc", EntryPoint = "mallopt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetAllocatorOption(int parameter, int value);

    private static Exception? TryLoad()
    {
        try
        {
            using var work = NativeWork.Enter();
            using var probe = torch.zeros(1);
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or NotSupportedException or DllNotFoundException or ExternalException)
        {
            return e;
        }
    }

    /// <summary>The message for a failed load; separate so that it can be tested where loading works.</summary>
    internal static string Explain(Exception failure)
    {
        var text = failure.ToString();
        if (text.Contains("GLIBCXX_", StringComparison.Ordinal) || (RuntimeInformation.IsOSPlatform(OSPlatform.Linux) && SystemRuntimeIsTooOld()))
        {
            return $"TorchSharp's native library cannot load: this system's libstdc++ lacks {NeededSymbol}. "
                + "Install libstdc++ from GCC 13 or newer (Debian 13, Ubuntu 24.04 and Fedora 39 have it; on Debian 12, ./run.sh of the XaiL2O repository installs it).";
        }

        return "TorchSharp's native library cannot load. Reference the package of libtorch for your machine in the application's project "
            + "(TorchSharp-cpu, or TorchSharp-cuda for NVIDIA GPUs) in the same version as TorchSharp; on Windows the Visual C++ runtime is needed too.";
    }

    private static bool SystemRuntimeIsTooOld()
    {
        string[] folders = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
        var library = folders.Select(folder => Path.Combine(folder, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        return library is not null && File.ReadAllBytes(library).AsSpan().IndexOf("GLIBCXX_3.4.32"u8) < 0;
    }
}
