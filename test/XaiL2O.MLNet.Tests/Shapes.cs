using System.Reflection;
using Microsoft.ML;

namespace XaiL2O.MLNet.Tests;

/// <summary>The shape of a schema, as ML.NET makes it for estimators; its method for that is internal.</summary>
internal static class Shapes
{
    private static readonly MethodInfo Create = typeof(SchemaShape).GetMethod("Create", BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Static)!;

    public static SchemaShape Of(DataViewSchema schema) => (SchemaShape)Create.Invoke(null, [schema])!;
}
