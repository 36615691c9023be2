using System.Security.Cryptography;

namespace XaiL2O.Examples;

/// <summary>
/// Files of <c>examples/data</c>. Each is compared with its line in <c>SHA256SUMS</c> before it is read: a number that damage has changed may still be a
/// plausible number, so no check of ranges would notice it.
/// </summary>
internal static class DataFiles
{
    /// <summary>The path of a file that is there and as it was shipped.</summary>
    /// <param name="root">The folder with <c>SHA256SUMS</c>.</param>
    /// <param name="file">Path in the folder.</param>
    /// <exception cref="FileNotFoundException">The file or <c>SHA256SUMS</c> is missing.</exception>
    /// <exception cref="InvalidDataException">The file has another checksum, or none.</exception>
    public static string Checked(string root, string file)
    {
        var (path, sums) = (Path.Combine(root, file), Path.Combine(root, "SHA256SUMS"));
        foreach (var needed in (string[])[path, sums])
        {
            if (!File.Exists(needed))
                throw new FileNotFoundException($"The data file {needed} is missing; build the examples again.", needed);
        }

        // As sha256sum writes it: the digits, two spaces, the path.
        var name = file.Replace('\\', '/');
        var line = File.ReadLines(sums).FirstOrDefault(l => l.EndsWith("  " + name, StringComparison.Ordinal))
            ?? throw new InvalidDataException($"{sums} has no line for {name}. Where the file is meant, add the line that sha256sum writes.");
        using var stream = File.OpenRead(path);
        return line == $"{Convert.ToHexStringLower(SHA256.HashData(stream))}  {name}"
            ? path
            : throw new InvalidDataException($"The data file {path} is damaged or another one: its checksum is not that in {sums}. Restore it from the repository and build the examples again; where the change is meant, write the line of {name} anew with sha256sum.");
    }
}
