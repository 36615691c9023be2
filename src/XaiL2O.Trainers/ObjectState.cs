using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using static TorchSharp.torch;

namespace XaiL2O.Trainers;

/// <summary>
/// What an object holds, down to numbers and texts: every field of it and of what it refers to, private and inherited ones among them, except those marked
/// <see cref="JsonIgnoreAttribute"/>. Two objects with the same state behave alike; in every culture the state reads the same.
/// </summary>
internal static class ObjectState
{
    private const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The values in a fixed order, each with the path to it, such as <c>Solver.MaxIterations</c>; large arrays as their hash.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Of(object? root) => Of("", root, new Dictionary<object, string>(ReferenceEqualityComparer.Instance));

    /// <summary>SHA-256 of the state.</summary>
    public static string Hash(params object?[] roots)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, value) in Of(roots))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(path));
            hash.AppendData([0]);
            hash.AppendData(Encoding.UTF8.GetBytes(value));
            hash.AppendData([0]);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IEnumerable<KeyValuePair<string, string>> Of(string path, object? value, Dictionary<object, string> seen)
    {
        if (Leaf(value) is { } leaf)
            return [new(path, leaf)];
        var type = value!.GetType();
        if (!type.IsValueType && !seen.TryAdd(value, path))
            return [new(path, $"see {seen[value]}")];
        // A list reads the same whichever class holds it.
        return Inside(path, value, type, seen).Prepend(new(path, value is IList && IsSystem(type) ? "list" : type.FullName!));
    }

    private static IEnumerable<KeyValuePair<string, string>> Inside(string path, object value, Type type, Dictionary<object, string> seen)
    {
        switch (value)
        {
            case Delegate function:
                return function.GetInvocationList().SelectMany((f, i) =>
                    Of($"{path}[{i}]", f.Target, seen).Prepend(new($"{path}[{i}]", $"{f.Method.DeclaringType?.FullName}.{f.Method.Name}")));
            case IEnumerable items when IsSystem(type):
                return items.Cast<object?>().SelectMany((item, i) => Of($"{path}[{i}]", item, seen));
            default:
                // Threads, locks and handles of the framework have no state that says how a model behaves.
                return IsSystem(type) && !type.IsValueType ? [] : Fields(type).SelectMany(f => Of(path.Length == 0 ? f.Name : $"{path}.{f.Name}", f.Field.GetValue(value), seen));
        }
    }

    private static bool IsSystem(Type type) => type.Namespace is { } space
        && (space == "System" || space.StartsWith("System.", StringComparison.Ordinal) || space.StartsWith("Microsoft.", StringComparison.Ordinal) || space.StartsWith("TorchSharp", StringComparison.Ordinal));

    private static IEnumerable<(FieldInfo Field, string Name)> Fields(Type type)
    {
        for (var level = type; level is not null && level != typeof(object); level = level.BaseType)
        {
            foreach (var field in level.GetFields(Declared))
            {
                // The compiler's names: <Limit>k__BackingField of a property, <limit>P of a parameter of the constructor.
                var name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
                var property = level.GetProperty(name, Declared);
                if (field.GetCustomAttribute<JsonIgnoreAttribute>() is null && property?.GetCustomAttribute<JsonIgnoreAttribute>() is null && !field.FieldType.IsPointer)
                    yield return (field, name);
            }
        }
    }

    private static string? Leaf(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        double number => Exact(number, BitConverter.DoubleToInt64Bits(number)),
        float number => Exact(number, BitConverter.SingleToInt32Bits(number)),
        Enum or Type => value.ToString(),
        IFormattable number when value.GetType() is { IsValueType: true } type && IsSystem(type) => number.ToString(null, CultureInfo.InvariantCulture),
        bool or char => Convert.ToString(value, CultureInfo.InvariantCulture),
        IReadOnlyList<double> list when value is not Array => Leaf(list.ToArray()),
        Tensor tensor => tensor.IsInvalid ? "disposed" : $"{tensor.dtype} [{string.Join(", ", tensor.shape)}] {Hash(tensor)}",
        Array { Length: > 0 } array when array.GetType().GetElementType() is { IsPrimitive: true } item => $"{item.Name} [{string.Join(", ", Enumerable.Range(0, array.Rank).Select(array.GetLength))}] {Hash(array)}",
        _ => null,
    };

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
}
