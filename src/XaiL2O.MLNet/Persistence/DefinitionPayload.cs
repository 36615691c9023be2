using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// A definition as a model zip holds it: the type's name without versions, its public properties and fields that can be set or are parameters of its constructor
/// as JSON, and its arrays apart, since JSON would be several times as large and knows no matrices.
/// </summary>
internal sealed record DefinitionPayload(string Type, string Assembly, string Properties)
{
    private const string Prefix = "Definition.";

    /// <summary>Takes a definition apart.</summary>
    /// <exception cref="ArgumentException">A property cannot be stored.</exception>
    public static (DefinitionPayload Definition, IReadOnlyList<(string Name, long[] Shape, Array Values)> Arrays) Of(ModelDefinition definition)
    {
        var type = definition.GetType();
        var arrays = new List<(string Name, long[] Shape, Array Values)>();
        string Store(long[] shape, Array values)
        {
            arrays.Add(($"{Prefix}{arrays.Count + 1}", shape, values));
            return arrays[^1].Name;
        }

        try
        {
            var json = JsonSerializer.Serialize(definition, type, Options(Store, null));
            return (new DefinitionPayload(type.FullName!, type.Assembly.GetName().Name!, json), arrays);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"The definition {type.Name} cannot be stored in a model zip: {e.Message} Mark properties that are not options with [JsonIgnore].", nameof(definition), e);
        }
    }

    /// <summary>Throws unless a definition comes back as it is from what a zip would hold: better before a training than after it.</summary>
    /// <param name="definition">The definition that will be trained, or will serve.</param>
    /// <exception cref="ArgumentException">It does not; the message names what would be lost.</exception>
    public static void Check(ModelDefinition definition)
    {
        ConstructorCheck(definition.GetType());
        var (stored, arrays) = Of(definition);
        var payload = ModelPayload.Of(0);
        foreach (var (name, shape, values) in arrays)
            payload.Add(name, shape, values);
        IReadOnlyList<string> lost;
        try
        {
            lost = definition.DifferencesFrom(stored.Create(payload));
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"The definition {definition.GetType().Name} could not be loaded from a model zip: {e.Message}", nameof(definition), e);
        }

        if (lost.Count > 0)
        {
            throw new ArgumentException(
                $"The definition {definition.GetType().Name} would be another one after loading from a model zip, which stores public properties and fields that can be set or are parameters of the constructor: "
                + $"{string.Join("; ", lost.Take(5))}. Make what differs a public property with init, of a type that JSON holds wholly, or mark it [JsonIgnore] where it follows from the properties.",
                nameof(definition));
        }
    }

    /// <summary>A constructor whose parameters nothing holds can be called before training and never again.</summary>
    private static void ConstructorCheck(Type type)
    {
        var constructors = type.GetConstructors();
        if (constructors.Length != 1 || constructors[0].GetParameters() is not { Length: > 0 } parameters)
            return;
        var held = type.GetMembers(BindingFlags.Instance | BindingFlags.Public).Where(m => m is PropertyInfo or FieldInfo).Select(m => m.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (parameters.FirstOrDefault(p => !held.Contains(p.Name!)) is { } lost)
        {
            throw new ArgumentException(
                $"The definition {type.Name} could not be loaded from a model zip: its constructor takes '{lost.Name}', which no public property holds. "
                + $"Add 'public {lost.ParameterType.Name} {char.ToUpperInvariant(lost.Name![0])}{lost.Name[1..]} {{ get; }} = {lost.Name};', or replace the parameter by a property with init.");
        }
    }

    /// <summary>Makes the definition.</summary>
    /// <param name="payload">Holds its arrays.</param>
    /// <exception cref="InvalidDataException">The type is not found, is no definition, or has other properties.</exception>
    public ModelDefinition Create(ModelPayload payload)
    {
        var type = Find();
        if (!typeof(ModelDefinition).IsAssignableFrom(type) || type.IsAbstract)
            throw new InvalidDataException($"The model names {Type} of the assembly {Assembly} as its definition, which is not a {nameof(ModelDefinition)}.");
        try
        {
            return (ModelDefinition?)JsonSerializer.Deserialize(Properties, type, Options(null, payload)) ?? throw new JsonException("it is null.");
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException or TargetInvocationException)
        {
            throw new InvalidDataException($"The definition {Type} of the assembly {Assembly} does not take the properties that were stored: {e.Message}", e);
        }
    }

    private Type Find()
    {
        // A program may have loaded the assembly from elsewhere than its own folder.
        var assembly = AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(a => a.GetName().Name == Assembly);
        try
        {
            assembly ??= System.Reflection.Assembly.Load(new AssemblyName(Assembly));
        }
        catch (Exception e) when (e is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            throw new InvalidDataException($"The model's definition {Type} is in the assembly {Assembly}, which is not found. Reference it in the program that loads the model.", e);
        }

        return assembly.GetType(Type)
            ?? throw new InvalidDataException($"The assembly {Assembly} has no type {Type}, the model's definition. Was it renamed or moved since the model was saved?");
    }

    private static JsonSerializerOptions Options(Func<long[], Array, string>? store, ModelPayload? payload) => new(Sealed.StrictJson(new()))
    {
        // A user's definition may leave null what it says is not; whether that makes a model shows when it is made.
        RespectNullableAnnotations = false,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        IncludeFields = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutComputed } },
        Converters =
        {
            new ArrayConverter<float[], float>(store, payload),
            new ArrayConverter<double[], double>(store, payload),
            new ArrayConverter<float[,], float>(store, payload),
            new ArrayConverter<double[,], double>(store, payload),
        },
    };

    /// <summary>What nothing can set follows from the rest, or is refused by <see cref="Check"/>.</summary>
    private static void LeaveOutComputed(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(p => p.Set is null && p.AssociatedParameter is null).ToArray())
            type.Properties.Remove(property);
    }

    /// <summary>Puts arrays beside the JSON and their names into it.</summary>
    private sealed class ArrayConverter<TArray, TItem>(Func<long[], Array, string>? store, ModelPayload? payload) : JsonConverter<TArray>
        where TArray : class
        where TItem : unmanaged
    {
        public override void Write(Utf8JsonWriter writer, TArray value, JsonSerializerOptions options)
        {
            var array = (Array)(object)value;
            var flat = new TItem[array.Length];
            Buffer.BlockCopy(array, 0, flat, 0, Buffer.ByteLength(array));
            writer.WriteStringValue(store!([.. Enumerable.Range(0, array.Rank).Select(d => (long)array.GetLength(d))], flat));
        }

        public override TArray Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var name = reader.GetString() ?? throw new JsonException("An array has no name.");
            var (shape, flat) = (payload!.Shape(name), payload.Array<TItem>(name));
            var array = System.Array.CreateInstance(typeof(TItem), shape);
            if (array is not TArray result)
                throw new JsonException($"The array '{name}' has {shape.Length} dimensions.");
            Buffer.BlockCopy(flat, 0, array, 0, Buffer.ByteLength(array));
            return result;
        }
    }
}
