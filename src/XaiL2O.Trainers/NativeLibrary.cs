using System.Runtime.InteropServices;
using TorchSharp;

namespace XaiL2O.Trainers;

/// <summary>
/// Makes sure, once, that TorchSharp's native library loads, and turns its failure into one
/// <see cref="NativeLibraryException"/> that names the cause and the remedy.
/// </summary>
public static class NativeLibrary
{
    /// <summary>The C++ runtime symbol version that the native library of TorchSharp 0.107 is linked against.</summary>
    private const string NeededSymbol = "GLIBCXX_3.4.32";

    private static readonly Lazy<Exception?> LoadFailure = new(TryLoad);

    /// <summary>Loads the native library if that has not happened yet.</summary>
    /// <exception cref="NativeLibraryException">The library is missing, or the system's C++ runtime is too old for it.</exception>
    public static void EnsureLoaded()
    {
        if (LoadFailure.Value is { } failure)
            throw new NativeLibraryException(Explain(failure), failure);
    }

    private static Exception? TryLoad()
    {
        try
        {
            using var work = NativeWork.Enter();
            using var probe = torch.zeros(1);
            AlignedMemory.ReturnFreedBlocks();
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
