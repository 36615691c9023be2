using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using XaiL2O.Certifiers;

namespace XaiL2O.Data;

/// <summary>Makes the functions of this assembly known, so that a model that holds one loads in a process that has called nothing of it.</summary>
internal static class Registration
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Registration is all it does; PropertyRegistry runs it when it meets a kind of this assembly.")]
    internal static void Register() => PropertyRegistry.Register(DissimilarityFunction.Kind, _ => new DissimilarityFunction());
}
