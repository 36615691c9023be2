using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace XaiL2O.Certifiers;

/// <summary>
/// Texts in JSON, also those that are no Unicode: .NET's strings may hold half of a surrogate pair, which JSON would replace, so that a group of that
/// name would be another one after loading. Such a text becomes the array of its UTF-16 code units.
/// </summary>
internal sealed class AnyTextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return reader.GetString();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A text is expected.");
        var text = new StringBuilder();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            text.Append((char)reader.GetUInt16());
        return text.ToString();
    }

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options)
    {
        if (IsUnicode(value))
        {
            writer.WriteStringValue(value);
            return;
        }

        writer.WriteStartArray();
        foreach (var unit in value)
            writer.WriteNumberValue(unit);
        writer.WriteEndArray();
    }

    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[++i]))
                return false;
        }

        return true;
    }
}
