// Draws the icon of the packages: level lines of an objective, and a check mark at its minimum. Run: dotnet run eng/icon.cs -- src/icon.png
using System.Buffers.Binary;
using System.IO.Compression;

const int Size = 256;
const int Samples = 4; // per pixel and direction

if (args.Length != 1)
    throw new ArgumentException("Name the file to write: dotnet run eng/icon.cs -- src/icon.png");

var rows = new MemoryStream();
for (var y = 0; y < Size; y++)
{
    rows.WriteByte(0); // no filter
    for (var x = 0; x < Size; x++)
    {
        var sum = (R: 0.0, G: 0.0, B: 0.0, A: 0.0);
        for (var s = 0; s < Samples * Samples; s++)
        {
            var (r, g, b, a) = Colour(x + (((s % Samples) + 0.5) / Samples), y + (((s / Samples) + 0.5) / Samples));
            sum = (sum.R + (r * a), sum.G + (g * a), sum.B + (b * a), sum.A + a);
        }

        byte Channel(double total) => (byte)Math.Round(sum.A > 0 ? total / sum.A : 0);
        rows.Write([Channel(sum.R), Channel(sum.G), Channel(sum.B), (byte)Math.Round(255 * sum.A / (Samples * Samples))]);
    }
}

using var file = File.Create(args[0]);
file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10]);
var header = new byte[13];
BinaryPrimitives.WriteInt32BigEndian(header, Size);
BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), Size);
(header[8], header[9]) = (8, 6); // 8 bits of red, green, blue and opacity
Chunk("IHDR"u8, header);
using var packed = new MemoryStream();
using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
    rows.WriteTo(zlib);
Chunk("IDAT"u8, packed.ToArray());
Chunk("IEND"u8, []);

void Chunk(ReadOnlySpan<byte> name, ReadOnlySpan<byte> content)
{
    byte[] length = new byte[4], checksum = new byte[4], body = [.. name, .. content];
    BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
    BinaryPrimitives.WriteUInt32BigEndian(checksum, Crc(body));
    file.Write([.. length, .. body, .. checksum]);
}

static uint Crc(ReadOnlySpan<byte> bytes)
{
    var crc = uint.MaxValue;
    foreach (var value in bytes)
    {
        crc ^= value;
        for (var bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
    }

    return ~crc;
}

static (double R, double G, double B, double A) Colour(double x, double y)
{
    // The tile: a square with round corners.
    const double Corner = 48, Half = Size / 2.0;
    var (qx, qy) = (Math.Max(Math.Abs(x - Half) - Half + Corner, 0), Math.Max(Math.Abs(y - Half) - Half + Corner, 0));
    if (Math.Sqrt((qx * qx) + (qy * qy)) > Corner)
        return (0, 0, 0, 0);
    // The check mark: two strokes that meet at the minimum (112, 160).
    if (Math.Min(ToSegment(x, y, 68, 118, 112, 160), ToSegment(x, y, 112, 160, 196, 66)) < 13)
        return (255, 255, 255, 1);
    // Level lines: ellipses around the minimum, turned by 35 degrees.
    var (dx, dy) = (x - 112, y - 160);
    var (u, v) = ((0.819 * dx) - (0.574 * dy), (0.574 * dx) + (0.819 * dy));
    var level = Math.Sqrt((u * u) + (2.6 * v * v));
    var slope = level > 0 ? Math.Sqrt((u * u) + (6.76 * v * v)) / level : 1;
    foreach (var line in (double[])[52, 98, 150, 210])
        if (Math.Abs(level - line) / slope < 2.5)
            return (110, 190, 215, 1);
    return (18, 62, 98, 1);
}

static double ToSegment(double x, double y, double ax, double ay, double bx, double by)
{
    var (dx, dy) = (bx - ax, by - ay);
    var t = Math.Clamp((((x - ax) * dx) + ((y - ay) * dy)) / ((dx * dx) + (dy * dy)), 0, 1);
    return Math.Sqrt(Math.Pow(x - ax - (t * dx), 2) + Math.Pow(y - ay - (t * dy), 2));
}
