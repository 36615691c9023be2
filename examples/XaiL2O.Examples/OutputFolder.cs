namespace XaiL2O.Examples;

/// <summary>What a run has written to its folder; files of earlier runs may lie beside it.</summary>
internal static class OutputFolder
{
    /// <summary>Coarse clocks of file systems may date a file a little before the run.</summary>
    private static readonly TimeSpan ClockStep = TimeSpan.FromSeconds(2);

    /// <summary>Names of the files that were written since a time, in order.</summary>
    public static string[] Written(DirectoryInfo folder, DateTime since) => !folder.Exists ? [] :
    [
        .. folder.EnumerateFiles()
            .Where(file => !file.Name.StartsWith('.') && file.LastWriteTimeUtc >= since - ClockStep)
            .Select(file => file.Name)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>"3 figures, report.html and summary.json are": what was written, as the beginning of a sentence.</summary>
    public static string Contents(DirectoryInfo folder, DateTime since)
    {
        var files = Written(folder, since);
        var figures = files.Count(name => Path.GetExtension(name) == ".png");
        string[] parts = [.. figures == 0 ? Array.Empty<string>() : [figures == 1 ? "1 figure" : $"{figures} figures"], .. files.Where(name => Path.GetExtension(name) != ".png")];
        return parts.Length switch
        {
            0 => "No files are",
            1 => $"{parts[0]} {(figures > 1 ? "are" : "is")}",
            _ => $"{string.Join(", ", parts[..^1])} and {parts[^1]} are",
        };
    }
}
