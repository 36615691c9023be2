using PureHDF;
using PureHDF.Selections;
using PureHDF.VOL.Native;

namespace XaiL2O.Data;

/// <summary>One file in the layout of LoDoPaB-CT: dataset <c>data</c>, 32-bit floats, [slices, n, n]. Errors name the file and the reason.</summary>
internal sealed class LodopabFile : IDisposable
{
    /// <summary>Deflate makes nothing smaller than by this factor.</summary>
    private const int LargestCompression = 1032;

    private readonly NativeFile file;
    private readonly IH5Dataset dataset;

    public LodopabFile(string path)
    {
        Path = path;
        file = Guard("it is not a readable HDF5 file", () => H5File.OpenRead(path));
        try
        {
            dataset = Guard("it has no dataset 'data'", () => file.Get("data") as IH5Dataset) ?? throw Foreign("'data' is not a dataset");
            var dimensions = dataset.Space.Dimensions;
            if (dimensions.Length != 3 || dimensions[1] != dimensions[2] || dimensions[1] == 0)
                throw Foreign($"'data' has the shape [{string.Join(", ", dimensions)}]; [slices, n, n] is expected");
            if (dataset.Type.Class != H5DataTypeClass.FloatingPoint || dataset.Type.Size != sizeof(float))
                throw Foreign($"'data' holds {dataset.Type.Class} of {dataset.Type.Size} bytes; 32-bit floats are expected");
            // A data set of fixed size names its dimensions twice.
            var largest = dataset.Space.MaxDimensions;
            if (largest.Where((most, i) => most != dimensions[i] && most != ulong.MaxValue).Any())
                throw Foreign($"'data' has the shape [{string.Join(", ", dimensions)}] and the largest shape [{string.Join(", ", largest)}], so one of the two is damaged");
            var bytes = (double)dimensions[0] * dimensions[1] * dimensions[2] * sizeof(float);
            var length = new FileInfo(path).Length;
            if (bytes > length * (dataset.Layout.Class == H5DataLayoutClass.Chunked ? LargestCompression : 1))
                throw Foreign($"'data' has the shape [{string.Join(", ", dimensions)}], which is {bytes} bytes, and the file has {length}");
            (Slices, Size) = (checked((int)dimensions[0]), checked((int)dimensions[1]));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public int Slices { get; }

    public int Size { get; }

    /// <summary>Reads one slice, row-major.</summary>
    public float[] Read(int slice)
    {
        var size = (ulong)Size;
        var values = Guard($"slice {slice} cannot be read", () =>
            dataset.Read<float[]>(new HyperslabSelection(3, [(ulong)slice, 0, 0], [1, size, size])));
        foreach (var value in values)
            if (!float.IsFinite(value))
                throw Foreign($"slice {slice} holds NaN or infinite values");
        // The library reads what is not in the file as 0.
        if (!values.AsSpan().ContainsAnyExcept(0f))
            throw Foreign($"slice {slice} is 0 everywhere, as where a part of the file is missing or damaged");
        return values;
    }

    public void Dispose() => file.Dispose();

    /// <summary>The library reports damage by exceptions of many kinds; all become one that a user can act on.</summary>
    private T Guard<T>(string reason, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (OutOfMemoryException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException))
        {
            throw new InvalidDataException($"{Path} is not a LoDoPaB file: {reason} ({e.Message.TrimEnd('.')}).", e);
        }
    }

    private InvalidDataException Foreign(string reason) => new($"{Path} is not a LoDoPaB file: {reason}.");
}
