using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// What an object holds, down to numbers and texts: every field of it and of what it refers to, private and inherited ones among them, of the framework's types too.
/// Two objects with the same state behave alike; in every culture the state reads the same.
/// </summary>
internal static class ObjectState
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>SHA-256 of the state, what is marked <see cref="JsonIgnoreAttribute"/> included.</summary>
    public static string Hash(params object?[] roots)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var seen = new Dictionary<object, string>(ReferenceEqualityComparer.Instance);
        var work = new Stack<(string Path, object? Value)>([("", roots)]);
        while (work.TryPop(out var next))
        {
            var (path, value) = next;
            var (text, parts) = Look(value);
            if (parts.Count > 0 && !value!.GetType().IsValueType && !seen.TryAdd(value, path))
                (text, parts) = ($"see {seen[value]}", []);
            hash.AppendData(Encoding.UTF8.GetBytes(path));
            hash.AppendData([0]);
            hash.AppendData(Encoding.UTF8.GetBytes(TypeOf(value) + text));
            hash.AppendData([0]);
            foreach (var part in parts.Reverse())
                work.Push((Join(path, part.Name), part.Value));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>
    /// What differs between two objects, each as <c>path: value here, value there</c> with a path such as <c>Solver.MaxIterations</c>; large arrays as their hash. One object in
    /// two places is the same as two equal ones. What is marked <see cref="JsonIgnoreAttribute"/> is passed over.
    /// </summary>
    public static IEnumerable<string> Differences(object? here, object? there)
    {
        var compared = new Dictionary<object, HashSet<object>>(ReferenceEqualityComparer.Instance);
        var work = new Stack<(string Path, object? Here, object? There)>([("", here, there)]);
        while (work.TryPop(out var next))
        {
            var ((text, parts), (otherText, others)) = (Look(next.Here), Look(next.There));
            var (type, otherType) = (TypeOf(next.Here), TypeOf(next.There));
            if (text != otherText)
                yield return $"{next.Path}: {text}, {otherText}";
            else if (type != otherType)
                yield return $"{next.Path}: {text} ({type}), {otherText} ({otherType})";
            if (text != otherText || parts.Count == 0)
                continue;
            if (!compared.TryGetValue(next.Here!, out var known))
                compared.Add(next.Here!, known = new(ReferenceEqualityComparer.Instance));
            if (!known.Add(next.There!))
                continue;
            foreach (var (part, other) in parts.Zip(others).Where(p => !p.First.Ignored).Reverse())
                work.Push((Join(next.Path, part.Name), part.Value, other.Value));
        }
    }

    /// <summary>Numbers and texts that read the same may be of other types where a field takes any: 5 as a double, as an integer or as JSON. A list may be of any class.</summary>
    private static string? TypeOf(object? value) => value switch
    {
        JsonNode => nameof(JsonNode),
        ValueType or string or JsonDocument => value.GetType().FullName,
        _ => null,
    };

    private static string Join(string path, string name) => path.Length == 0 || name.StartsWith('[') ? path + name : $"{path}.{name}";

    /// <summary>A value as a text and, where that does not say all, what else it holds. Equal texts have as many parts.</summary>
    private static (string Text, IReadOnlyList<Part> Parts) Look(object? value)
    {
        if (Leaf(value) is { } leaf)
            return (leaf, []);
        var type = value!.GetType();
        switch (value)
        {
            case Delegate function:
                var functions = function.GetInvocationList();
                return (string.Join(", ", functions.Select(f => $"{f.Method.DeclaringType?.FullName}.{f.Method}")), Items(functions.Select(f => f.Target)));
            case IList list when IsList(type):
                return ($"list of {Size(list)}", Items(list.Cast<object?>()));
            case IEnumerable items when IsCollection(type):
                var all = Items(items.Cast<object?>());
                var comparers = type.GetProperties().Where(p => p.Name.EndsWith("Comparer", StringComparison.Ordinal)).Select(p => new Part(p.Name, p.GetValue(value)));
                return ($"{type.FullName} of {all.Length}", [.. all, .. comparers]);
            case nn.Module module:
                Part[] inside = [.. module.state_dict().Select(p => new Part(p.Key, p.Value)), .. module.named_children().Select(c => new Part(c.name, c.module))];
                return ($"{type.FullName} of {inside.Length}", [new(nameof(module.training), module.training), .. inside, .. Fields(value, type)]);
            default:
                return (type.FullName!, HoldsNothing(type) ? [] : [.. Fields(value, type)]);
        }
    }

    private static Part[] Items(IEnumerable<object?> items) => [.. items.Select((item, i) => new Part($"[{i}]", item))];

    /// <summary>Arrays, lists of the framework and those that the compiler makes of [1, 2]: a list reads the same whichever class holds it.</summary>
    private static bool IsList(Type type) => type.IsArray || (!type.IsValueType && (IsSystem(type) || type.Name.StartsWith('<')));

    /// <summary>Collections whose items and comparers say all; how they keep them does not matter.</summary>
    private static bool IsCollection(Type type) => type is { IsValueType: false, Namespace: { } space } && space.StartsWith("System.Collections", StringComparison.Ordinal) && space != "System.Collections.ObjectModel";

    /// <summary>Threads and locks say nothing of how a model behaves; neither do tables of what was computed for an object.</summary>
    private static bool HoldsNothing(Type type) => type is { IsValueType: false, IsGenericType: false, Namespace: "System.Threading" }
        || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ConditionalWeakTable<,>));

    private static bool IsSystem(Type type) => type.Namespace is { } space && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal));

    private static IEnumerable<Part> Fields(object value, Type type)
    {
        for (var level = type; level is not null && level != typeof(object) && level != typeof(nn.Module); level = level.BaseType)
        {
            foreach (var field in level.GetFields(Declared).Where(f => !f.FieldType.IsPointer))
            {
                // The compiler's names: <Limit>k__BackingField of a property, <limit>P of a parameter of the constructor.
                var name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
                yield return new(name, field.GetValue(value)) { Ignored = IsIgnored(field) || (level.GetProperty(name, Declared) is { } property && IsIgnored(property)) };
            }
        }
    }

    private static bool IsIgnored(MemberInfo member) => member.GetCustomAttribute<JsonIgnoreAttribute>() is { Condition: JsonIgnoreCondition.Always };

    private static string? Leaf(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        double number => Exact(number, BitConverter.DoubleToInt64Bits(number)),
        float number => Exact(number, BitConverter.SingleToInt32Bits(number)),
        Enum or MemberInfo or Assembly or CultureInfo or CompareInfo => value.ToString(),
        DateTime or DateTimeOffset or DateOnly or TimeOnly => ((IFormattable)value).ToString("O", CultureInfo.InvariantCulture),
        TimeSpan or Guid or decimal => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
        Uri or JsonElement or JsonDocument or JsonNode => JsonSerializer.Serialize(value, value.GetType()),
        Tensor tensor => tensor.IsInvalid ? "disposed" : $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] {Hash(tensor)}",
        Array array when array.GetType().GetElementType() is { IsPrimitive: true } item => $"{item.Name} [{Size(array)}] {Hash(array)}",
        IList list when IsList(list.GetType()) && list.GetType().GetInterface("IReadOnlyList`1")?.GetGenericArguments()[0] is { IsPrimitive: true } item => Leaf(Copy(list, item)),
        _ when value.GetType().IsPrimitive => Convert.ToString(value, CultureInfo.InvariantCulture),
        // What a dictionary of texts has where none is given.
        _ when ReferenceEquals(value, StringComparer.Ordinal) || ReferenceEquals(value, EqualityComparer<string>.Default) => "ordinal",
        _ => null,
    };

    private static string Size(IList list) => list is Array array ? string.Join(", ", Enumerable.Range(0, array.Rank).Select(array.GetLength)) : $"{list.Count}";

    private static Array Copy(IList list, Type item)
    {
        var copy = Array.CreateInstance(item, list.Count);
        list.CopyTo(copy, 0);
        return copy;
    }

    /// <summary>The number for people, and its bits where they are not all that the number says.</summary>
    private static string Exact<T>(T number, long bits)
        where T : IFormattable => number.ToString("R", CultureInfo.InvariantCulture) is var text && text is "NaN" ? $"NaN {bits:x}" : text;

    private static string Hash(Array array)
    {
        var bytes = MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(array), Buffer.ByteLength(array));
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>Row by row: a span holds less than a large tensor.</summary>
    private static string Hash(Tensor tensor)
    {
        using var grad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var plain = tensor.detach().cpu().contiguous();
        using var rows = plain.dim() == 0 ? plain.reshape(1) : plain.alias();
        for (var row = 0L; row < rows.shape[0]; row++)
        {
            using var part = rows[row];
            hash.AppendData(part.bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>What a value holds: a field, or an item of a collection.</summary>
    /// <param name="Name">Of the field, or its place in brackets.</param>
    /// <param name="Value">What is there.</param>
    private readonly record struct Part(string Name, object? Value)
    {
        /// <summary>Whether it follows from the rest, as its attribute promises.</summary>
        public bool Ignored { get; init; }
    }
}
