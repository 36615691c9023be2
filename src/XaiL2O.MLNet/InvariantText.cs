using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace XaiL2O.MLNet;

/// <summary>Texts that files keep and compare: the same under every culture of the process.</summary>
internal static class InvariantText
{
    private static readonly JsonSerializerOptions Json = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Options, by the names and values of their properties.</summary>
    public static string OfOptions(object? options) => options is null ? "none" : JsonSerializer.Serialize(options, options.GetType(), Json);

    /// <summary>
    /// A value of the user's by its own <c>ToString</c>, called under the invariant culture: that of records and of most other types formats their
    /// numbers by the current one.
    /// </summary>
    public static string Of(object? value)
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
            return Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
