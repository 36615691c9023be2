using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace XaiL2O.Certifiers;

/// <summary>
/// Own property functions, projections and proximals by name. A saved model stores the name: register it in every process that loads the
/// model, before loading. Safe from many threads.
/// </summary>
public static class PropertyRegistry
{
    private const string DataAssembly = "XaiL2O.Data";
    private static readonly ConcurrentDictionary<string, Func<FunctionDescription, PropertyFunction>> Functions = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, VectorMap> Maps = new(StringComparer.Ordinal);

    /// <summary>Registers how a kind of own function is made from its description; a later call replaces an earlier one.</summary>
    /// <typeparam name="TFunction">The class of the function.</typeparam>
    /// <param name="kind">The <see cref="FunctionDescription.Kind"/> that the function gives; not that of a built-in function.</param>
    /// <param name="factory">Makes the function again.</param>
    /// <exception cref="ArgumentException">The kind is empty or belongs to a built-in function.</exception>
    public static void Register<TFunction>(string kind, Func<FunctionDescription, TFunction> factory)
        where TFunction : PropertyFunction
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(kind);
        ArgumentNullException.ThrowIfNull(factory);
        if (BuiltInFunctions.Has(kind))
            throw new ArgumentException($"'{kind}' is the kind of a built-in function; choose a name of your own, for instance 'MyCompany.{kind}'.", nameof(kind));
        Functions[kind] = factory;
    }

    /// <summary>Registers a projection or proximal; a later call replaces an earlier one.</summary>
    /// <param name="name">Name.</param>
    /// <param name="map">The map.</param>
    public static void RegisterMap(string name, VectorMap map)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(map);
        Maps[name] = map;
    }

    /// <summary>Makes a function from its description.</summary>
    /// <param name="description">What <see cref="PropertyFunction.Describe"/> gave.</param>
    /// <exception cref="InvalidOperationException">The kind is neither built in nor registered.</exception>
    public static PropertyFunction Create(FunctionDescription description)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (BuiltInFunctions.Has(description.Kind))
            return BuiltInFunctions.Create(description);
        return Find(description.Kind) is { } factory
            ? factory(description)
            : throw new InvalidOperationException(
                $"The property function '{description.Kind}' is not registered in this process. "
                + $"Call {nameof(PropertyRegistry)}.{nameof(Register)}(\"{description.Kind}\", …) before the model is loaded. Registered: {Names(Functions.Keys)}.");
    }

    /// <summary>Whether a function of this kind can be made in this process.</summary>
    /// <param name="kind">Kind.</param>
    public static bool IsRegistered(string kind) => BuiltInFunctions.Has(kind) || Find(kind) is not null;

    /// <summary>The factory of a kind. Those of the assembly of data register themselves when it is loaded, which a process that only loads models may not have come to.</summary>
    private static Func<FunctionDescription, PropertyFunction>? Find(string kind)
    {
        if (Functions.TryGetValue(kind, out var factory) || !kind.StartsWith(DataAssembly + ".", StringComparison.Ordinal))
            return factory;
        try
        {
            RuntimeHelpers.RunModuleConstructor(Assembly.Load(DataAssembly).ManifestModule.ModuleHandle);
        }
        catch (FileNotFoundException)
        {
            return null;
        }

        return Functions.GetValueOrDefault(kind);
    }

    internal static VectorMap Map(string name) => Maps.TryGetValue(name, out var map)
        ? map
        : throw new InvalidOperationException(
            $"The projection or proximal '{name}' is not registered in this process. "
            + $"Call {nameof(PropertyRegistry)}.{nameof(RegisterMap)}(\"{name}\", …) before it is used or a model with it is loaded. Registered: {Names(Maps.Keys)}.");

    private static string Names(ICollection<string> names) => names.Count == 0 ? "nothing" : string.Join(", ", names.Order(StringComparer.Ordinal));
}
