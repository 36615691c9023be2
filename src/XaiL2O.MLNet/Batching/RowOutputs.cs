using Microsoft.ML;
using Microsoft.ML.Data;

namespace XaiL2O.MLNet;

/// <summary>Copies of column values, typed at run time.</summary>
internal static class RowOutputs
{
    /// <summary>A getter that copies <c>values()[slot()]</c>; vectors are copied deeply, as ML.NET's contract asks.</summary>
    public static ValueGetter<T> Getter<T>(Func<Array> values, Func<int> slot)
    {
        if (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(VBuffer<>))
        {
            var method = typeof(RowOutputs).GetMethod(nameof(VectorGetter), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)!;
            return (ValueGetter<T>)method.MakeGenericMethod(typeof(T).GetGenericArguments()[0]).Invoke(null, [values, slot])!;
        }

        return (ref T value) => value = ((T[])values())[slot()];
    }

    private static ValueGetter<VBuffer<T>> VectorGetter<T>(Func<Array> values, Func<int> slot) =>
        (ref VBuffer<T> value) => ((VBuffer<T>[])values())[slot()].CopyTo(ref value);
}
