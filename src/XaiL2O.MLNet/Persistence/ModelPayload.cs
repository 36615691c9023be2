using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// What a transformer stores in a model zip: settings as JSON and named arrays (name, shape, element type, little-endian bytes),
/// with a format version and a SHA-256 checksum over everything before it.
/// </summary>
internal sealed class ModelPayload
{
    private const int FormatVersion = 1;

    /// <summary>Dimensions of an array, at most.</summary>
    private const int MostDimensions = 8;

    private const string Remedy = "Save the model again or restore the file from a copy.";
    private static readonly byte[] Magic = "XL2O"u8.ToArray();
    private static readonly JsonSerializerOptions JsonOptions = Sealed.StrictJson(new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals });
    private readonly OrderedDictionary<string, (long[] Shape, Array Values)> arrays = [];

    public required string Settings { get; init; }

    public static ModelPayload Of<T>(T settings) => new() { Settings = JsonSerializer.Serialize(settings, JsonOptions) };

    public T ReadSettings<T>() => JsonSerializer.Deserialize<T>(Settings, JsonOptions) ?? throw Damaged("its settings are empty");

    /// <summary>
    /// Loads a part of a model: reads its payload and makes the part from it. Whatever the part refuses, by the checks that code meets too, becomes
    /// an <see cref="InvalidDataException"/> that names the entry of the zip.
    /// </summary>
    /// <param name="context">Stands behind the part's header.</param>
    /// <param name="create">Makes the part; validates settings before it allocates by them.</param>
    public static T Read<T>(ModelLoadContext context, Func<ModelPayload, T> create)
    {
        try
        {
            return create(FromBytes(ReadBytes(context.Reader)));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{e.Message} The entry is '{context.Directory}'.", e);
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException($"The model file is damaged: it ends too early. {Remedy} The entry is '{context.Directory}'.", e);
        }
        catch (Exception e) when (e is ArgumentException or JsonException or NotSupportedException or KeyNotFoundException or OverflowException or InvalidOperationException { InnerException: ArgumentException })
        {
            throw new InvalidDataException($"The model file holds what no model has: {Sentence(e)} {Remedy} The entry is '{context.Directory}'.", e);
        }
    }

    /// <summary>A message without what .NET adds to it: the name of a parameter, and the value, which our messages say themselves, and those of .NET of absent values do not.</summary>
    private static string Sentence(Exception e)
    {
        var sentence = e.Message.Split(" (Parameter '")[0].TrimEnd('.') + ".";
        var absent = e is ArgumentNullException || sentence.StartsWith("The value cannot be an empty string", StringComparison.Ordinal);
        return absent && e is ArgumentException { ParamName: { } name } ? $"{name}: {sentence}" : sentence;
    }

    /// <summary>The stored values of a model's weights: all of them, finite.</summary>
    /// <param name="names">Names of the weights.</param>
    /// <param name="prefix">Before the names of the arrays.</param>
    public NamedArray[] Weights(IEnumerable<string> names, string prefix = "") =>
    [
        .. names.Select(name =>
        {
            var values = Array<float>(prefix + name);
            var odd = values.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
            return odd < 0
                ? new NamedArray(name, Shape(prefix + name), values)
                : throw new ArgumentException($"The weight '{name}' holds {values[odd]} at index {odd}; weights are finite.");
        }),
    ];

    public ModelPayload Add(string name, long[] shape, Array values)
    {
        arrays.Add(name, (shape, values));
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

    /// <summary>Values of all arrays.</summary>
    public long ValueCount => arrays.Values.Sum(a => (long)a.Values.Length);

    public bool Has(string name) => arrays.ContainsKey(name);

    public T[] Array<T>(string name) =>
        arrays.GetValueOrDefault(name).Values as T[] ?? throw Damaged($"the array '{name}' of {typeof(T).Name} is missing");

    public long[] Shape(string name) =>
        arrays.GetValueOrDefault(name).Shape ?? throw Damaged($"the array '{name}' is missing");

    public float[,] Matrix(string name) => (float[,])Matrix<float>(name);

    public double[,] DoubleMatrix(string name) => (double[,])Matrix<double>(name);

    private Array Matrix<T>(string name)
    {
        var (shape, values) = (Shape(name), Array<T>(name));
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

    /// <summary>Reads what <see cref="Save"/> wrote. Nothing is allocated because a length says so: bytes are taken up as they come.</summary>
    private static byte[] ReadBytes(BinaryReader reader)
    {
        var length = reader.ReadInt32();
        if (length < 0)
            throw Damaged("its length is negative");
        using var bytes = new MemoryStream();
        var piece = new byte[Math.Min(length, 1 << 16)];
        while (bytes.Length < length)
        {
            var read = reader.Read(piece, 0, (int)Math.Min(piece.Length, length - bytes.Length));
            if (read == 0)
                throw Damaged($"{length} bytes were written and {bytes.Length} are there");
            bytes.Write(piece, 0, read);
        }

        return bytes.ToArray();
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
            foreach (var (name, (shape, values)) in arrays)
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
        if (version < 1)
            throw Damaged($"its format is {version}");
        if (version > FormatVersion)
            throw new InvalidDataException($"The model was saved in format {version} by a newer XaiL2O; this one reads up to format {FormatVersion}. Update the XaiL2O packages.");
        var body = bytes.AsSpan(0, bytes.Length - SHA256.HashSizeInBytes);
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes.AsSpan(body.Length)))
            throw Damaged("its checksum does not match");

        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length + sizeof(int), body.Length - Magic.Length - sizeof(int)), Encoding.UTF8);
        try
        {
            return ReadBody(reader);
        }
        catch (Exception e) when (e is IOException or FormatException or OverflowException)
        {
            throw new InvalidDataException($"The model file is damaged: its arrays do not fit into it. {Remedy}", e);
        }
    }

    private static ModelPayload ReadBody(BinaryReader reader)
    {
        long Left() => reader.BaseStream.Length - reader.BaseStream.Position;
        var payload = new ModelPayload { Settings = reader.ReadString() };
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            var (name, type, dimensions) = (reader.ReadString(), reader.ReadString(), reader.ReadInt32());
            if (type is not ("f32" or "f64") || dimensions is < 0 or > MostDimensions || payload.Has(name))
                throw Damaged($"the array '{name}' is of type '{type}' with {dimensions} dimensions, or is there twice; arrays are f32 or f64 with at most {MostDimensions}, each once");
            var shape = new long[dimensions];
            var (length, size) = (1L, type == "f64" ? sizeof(double) : sizeof(float));
            for (var i = 0; i < dimensions; i++)
            {
                shape[i] = reader.ReadInt64();
                if (shape[i] is < 0 or > int.MaxValue || (length *= shape[i]) > Left() / size)
                    throw Damaged($"the array '{name}' needs more values than the file has");
            }

            payload.Add(name, shape, type == "f64" ? ReadDoubles(reader, (int)length) : ReadFloats(reader, (int)length));
        }

        return Left() == 0 ? payload : throw Damaged($"{Left()} bytes are left over");
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
        new($"The model file is damaged: {how}. {Remedy}");
}
