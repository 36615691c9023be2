using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>
/// What a transformer stores in a model zip: settings as JSON and named arrays (name, shape, element type, little-endian bytes),
/// with a format version and a SHA-256 checksum over everything before it.
/// </summary>
internal sealed class ModelPayload
{
    private const int FormatVersion = 1;
    private static readonly byte[] Magic = "XL2O"u8.ToArray();
    private static readonly JsonSerializerOptions JsonOptions = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };
    private readonly List<(string Name, long[] Shape, Array Values)> arrays = [];

    public required string Settings { get; init; }

    public static ModelPayload Of<T>(T settings) => new() { Settings = JsonSerializer.Serialize(settings, JsonOptions) };

    public T ReadSettings<T>() => JsonSerializer.Deserialize<T>(Settings, JsonOptions) ?? throw Damaged("its settings are empty");

    public ModelPayload Add(string name, long[] shape, Array values)
    {
        arrays.Add((name, shape, values));
        return this;
    }

    public ModelPayload Add(string name, float[,] matrix)
    {
        var values = new float[matrix.Length];
        Buffer.BlockCopy(matrix, 0, values, 0, values.Length * sizeof(float));
        return Add(name, [matrix.GetLength(0), matrix.GetLength(1)], values);
    }

    public ModelPayload Add(string name, double[,] matrix)
    {
        var values = new double[matrix.Length];
        Buffer.BlockCopy(matrix, 0, values, 0, values.Length * sizeof(double));
        return Add(name, [matrix.GetLength(0), matrix.GetLength(1)], values);
    }

    public bool Has(string name) => arrays.Exists(a => a.Name == name);

    public T[] Array<T>(string name) =>
        arrays.FirstOrDefault(a => a.Name == name).Values as T[] ?? throw Damaged($"the array '{name}' of {typeof(T).Name} is missing");

    public long[] Shape(string name) =>
        arrays.FirstOrDefault(a => a.Name == name).Shape ?? throw Damaged($"the array '{name}' is missing");

    public float[,] Matrix(string name) => (float[,])Matrix<float>(name);

    public double[,] DoubleMatrix(string name) => (double[,])Matrix<double>(name);

    private Array Matrix<T>(string name)
    {
        var (_, shape, _) = arrays.FirstOrDefault(a => a.Name == name);
        var values = Array<T>(name);
        if (shape.Length != 2)
            throw Damaged($"the array '{name}' is not a matrix");
        var matrix = System.Array.CreateInstance(typeof(T), shape);
        Buffer.BlockCopy(values, 0, matrix, 0, Buffer.ByteLength(values));
        return matrix;
    }

    /// <summary>Writes the payload, framed by its length, to the model's stream.</summary>
    public void Save(ModelSaveContext context)
    {
        var bytes = ToBytes();
        context.Writer.Write(bytes.Length);
        context.Writer.Write(bytes);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public static ModelPayload Load(ModelLoadContext context)
    {
        try
        {
            var length = context.Reader.ReadInt32();
            if (length < 0)
                throw Damaged("its length is negative");
            var bytes = context.Reader.ReadBytes(length);
            if (bytes.Length != length)
                throw Damaged($"{length} bytes were written and {bytes.Length} are there");
            return FromBytes(bytes);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The model file is damaged: it ends too early. Save the model again or restore the file from a copy.", e);
        }
    }

    internal byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            writer.Write(FormatVersion);
            writer.Write(Settings);
            writer.Write(arrays.Count);
            foreach (var (name, shape, values) in arrays)
            {
                writer.Write(name);
                writer.Write(values is double[] ? "f64" : values is float[] ? "f32" : throw new NotSupportedException($"Arrays of {values.GetType().GetElementType()} are not stored."));
                writer.Write(shape.Length);
                foreach (var length in shape)
                    writer.Write(length);
                WriteValues(writer, values);
            }
        }

        var body = stream.ToArray();
        return [.. body, .. SHA256.HashData(body)];
    }

    internal static ModelPayload FromBytes(byte[] bytes)
    {
        if (bytes.Length < Magic.Length + sizeof(int) + SHA256.HashSizeInBytes || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            throw Damaged("it does not begin as a XaiL2O model does");
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(Magic.Length));
        if (version > FormatVersion)
            throw new InvalidDataException($"The model was saved in format {version} by a newer XaiL2O; this one reads up to format {FormatVersion}. Update the XaiL2O packages.");
        var body = bytes.AsSpan(0, bytes.Length - SHA256.HashSizeInBytes);
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes.AsSpan(body.Length)))
            throw Damaged("its checksum does not match");

        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length + sizeof(int), body.Length - Magic.Length - sizeof(int)), Encoding.UTF8);
        var payload = new ModelPayload { Settings = reader.ReadString() };
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var (name, type) = (reader.ReadString(), reader.ReadString());
            var shape = new long[reader.ReadInt32()];
            for (var i = 0; i < shape.Length; i++)
                shape[i] = reader.ReadInt64();
            var length = checked((int)shape.Aggregate(1L, (a, b) => a * b));
            payload.Add(name, shape, type == "f64" ? ReadDoubles(reader, length) : ReadFloats(reader, length));
        }

        return payload;
    }

    private static void WriteValues(BinaryWriter writer, Array values)
    {
        if (BitConverter.IsLittleEndian)
        {
            writer.Write(values is double[] d ? MemoryMarshal.AsBytes(d.AsSpan()) : MemoryMarshal.AsBytes(((float[])values).AsSpan()));
            return;
        }

        // BinaryWriter is little-endian everywhere.
        foreach (var value in values)
        {
            if (value is double x)
                writer.Write(x);
            else
                writer.Write((float)value!);
        }
    }

    private static double[] ReadDoubles(BinaryReader reader, int length)
    {
        var values = new double[length];
        for (var i = 0; i < length; i++)
            values[i] = reader.ReadDouble();
        return values;
    }

    private static float[] ReadFloats(BinaryReader reader, int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = reader.ReadSingle();
        return values;
    }

    private static InvalidDataException Damaged(string how) =>
        new($"The model file is damaged: {how}. Save the model again or restore the file from a copy.");
}
