using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// A recipe as a model zip holds it: the type's name without versions, its public properties and fields that can be set or are parameters of its constructor
/// as JSON, and its arrays apart, since JSON would be several times as large and knows no matrices.
/// </summary>
internal sealed record RecipePayload(string Type, string Assembly, string Properties)
{
    private const string Prefix = "Recipe.";

    /// <summary>Takes a recipe apart.</summary>
    /// <exception cref="ArgumentException">A property cannot be stored.</exception>
    public static (RecipePayload Recipe, IReadOnlyList<(string Name, long[] Shape, Array Values)> Arrays) Of(ModelRecipe recipe)
    {
        var type = recipe.GetType();
        var arrays = new List<(string Name, long[] Shape, Array Values)>();
        string Store(long[] shape, Array values)
        {
            arrays.Add(($"{Prefix}{arrays.Count + 1}", shape, values));
            return arrays[^1].Name;
        }

        try
        {
            var json = JsonSerializer.Serialize(recipe, type, Options(Store, null));
            return (new RecipePayload(type.FullName!, type.Assembly.GetName().Name!, json), arrays);
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"The recipe {type.Name} cannot be stored in a model zip: {e.Message} Mark properties that are not options with [JsonIgnore].", nameof(recipe), e);
        }
    }

    /// <summary>Throws unless a recipe comes back as it is from what a zip would hold: better before a training than after it.</summary>
    /// <exception cref="ArgumentException">It does not; the message names what would be lost.</exception>
    public static void Check(ModelRecipe recipe)
    {
        ConstructorCheck(recipe.GetType());
        var (stored, arrays) = Of(recipe);
        var payload = ModelPayload.Of(0);
        foreach (var (name, shape, values) in arrays)
            payload.Add(name, shape, values);
        IReadOnlyList<string> lost;
        try
        {
            lost = recipe.DifferencesFrom(stored.Create(payload));
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"The recipe {recipe.GetType().Name} could not be loaded from a model zip: {e.Message}", nameof(recipe), e);
        }

        if (lost.Count > 0)
        {
            throw new ArgumentException(
                $"The recipe {recipe.GetType().Name} would be another one after loading from a model zip, which stores public properties and fields that can be set or are parameters of the constructor: "
                + $"{string.Join("; ", lost.Take(5))}. Make what differs a public property with init, or mark it [JsonIgnore] where it follows from the properties.",
                nameof(recipe));
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
                $"The recipe {type.Name} could not be loaded from a model zip: its constructor takes '{lost.Name}', which no public property holds. "
                + $"Add 'public {lost.ParameterType.Name} {char.ToUpperInvariant(lost.Name![0])}{lost.Name[1..]} {{ get; }} = {lost.Name};', or replace the parameter by a property with init.");
        }
    }

    /// <summary>Makes the recipe.</summary>
    /// <param name="payload">Holds its arrays.</param>
    /// <exception cref="InvalidDataException">The type is not found, is no recipe, or has other properties.</exception>
    public ModelRecipe Create(ModelPayload payload)
    {
        var type = Find();
        if (!typeof(ModelRecipe).IsAssignableFrom(type) || type.IsAbstract)
            throw new InvalidDataException($"The model names {Type} of the assembly {Assembly} as its recipe, which is not a {nameof(ModelRecipe)}.");
        try
        {
            return (ModelRecipe?)JsonSerializer.Deserialize(Properties, type, Options(null, payload)) ?? throw new JsonException("it is null.");
        }
        catch (Exception e) when (e is NotSupportedException or JsonException or InvalidOperationException or TargetInvocationException)
        {
            throw new InvalidDataException($"The recipe {Type} of the assembly {Assembly} does not take the properties that were stored: {e.Message}", e);
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
            throw new InvalidDataException($"The model's recipe {Type} is in the assembly {Assembly}, which is not found. Reference it in the program that loads the model.", e);
        }

        return assembly.GetType(Type)
            ?? throw new InvalidDataException($"The assembly {Assembly} has no type {Type}, the model's recipe. Was it renamed or moved since the model was saved?");
    }

    private static JsonSerializerOptions Options(Func<long[], Array, string>? store, ModelPayload? payload) => new()
    {
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
