using System.Reflection;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Finds vectors of an input row that are null or of another length than its type declares, which ML.NET's own errors do not name.</summary>
internal static class ExampleFault
{
    /// <summary>A sentence that names the column; null where nothing is found.</summary>
    /// <typeparam name="T">Type of the row.</typeparam>
    /// <param name="example">The row.</param>
    public static string? Of<T>(T example)
        where T : class
    {
        foreach (var column in SchemaDefinition.Create(typeof(T)))
        {
            if (column.ColumnType is not VectorDataViewType type || column.MemberName is not { } member)
                continue;
            const BindingFlags anyInstance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
            var value = typeof(T).GetProperty(member, anyInstance)?.GetValue(example) ?? typeof(T).GetField(member, anyInstance)?.GetValue(example);
            var named = column.ColumnName == member ? $"'{column.ColumnName}'" : $"'{column.ColumnName}' ({typeof(T).Name}.{member})";
            var size = type.IsKnownSize ? $"{type.Size} values" : "a vector";
            if (value is null)
                return $"The column {named} of the example is null; it must hold {size}.";
            if (value is Array array && type.IsKnownSize && array.Length != type.Size)
                return $"The column {named} of the example has {array.Length} values; it must hold {size}.";
        }

        return null;
    }
}
