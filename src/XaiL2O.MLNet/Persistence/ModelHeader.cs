using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>The header with which ML.NET finds the class that loads a part of a model zip.</summary>
internal static class ModelHeader
{
    /// <summary>The header of a class.</summary>
    /// <param name="signature">Eight characters that name the format.</param>
    /// <param name="loader">The class's loader signature, see LoadableClasses.cs of its assembly.</param>
    /// <param name="version">Version written, and the oldest program's that can read it.</param>
    /// <param name="oldest">The oldest version that is read; <paramref name="version"/> when null.</param>
    /// <param name="type">A type of the class's assembly; of this one when null.</param>
    public static VersionInfo Of(string signature, string loader, uint version = 0x00010001, uint? oldest = null, Type? type = null) =>
        new(signature, version, version, oldest ?? version, loaderSignature: loader, loaderAssemblyName: (type ?? typeof(ModelHeader)).Assembly.FullName);
}
