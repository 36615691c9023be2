using System.Text.RegularExpressions;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>
/// A measured figure stands in one document, with the command that makes it, and others link there: of two copies one is forgotten when it is measured anew.
/// </summary>
internal sealed partial class DocumentTests
{
    private static readonly string[] Documents =
    [
        .. ((string[])["README.md", "CHANGELOG.md"]).Select(f => Path.Combine(Repository.Root, f)),
        .. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories),
    ];

    [Test]
    public void A_figure_has_one_home()
    {
        // A number of four significant digits is no coincidence, nor are two of three digits in one line of each document.
        var lines = Documents.SelectMany(file => Prose(File.ReadAllText(file)).Split('\n').Select(line => (File: Path.GetFileName(file), Line: line, Figures: Figures(line)))).Where(l => l.Figures.Length > 0).ToArray();
        var repeated =
            from a in lines
            from b in lines
            where string.CompareOrdinal(a.File, b.File) < 0
            let common = a.Figures.Intersect(b.Figures).ToArray()
            where common.Length > 1 || common.Any(f => Digits(f) > 3)
            select $"{string.Join(", ", common)}\n  {a.File}: {a.Line.Trim()}\n  {b.File}: {b.Line.Trim()}";
        Assert.That(repeated, Is.Empty);
    }

    [Test]
    public void A_link_leads_to_a_file_and_a_heading()
    {
        var broken =
            from file in Documents
            from link in Links().Matches(Prose(File.ReadAllText(file)))
            let parts = link.Groups[1].Value.Split('#')
            let target = parts[0].Length == 0 ? file : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, parts[0]))
            where !Path.Exists(target) || (parts.Length > 1 && !Headings(target).Contains(parts[1]))
            select $"{Path.GetFileName(file)}: {link.Value}";
        Assert.That(broken, Is.Empty);
    }

    /// <summary>Numbers with a fraction and at least three significant digits, in the manner of measured ones.</summary>
    private static string[] Figures(string line) => [.. Numbers().Matches(line).Select(m => m.Value).Where(f => Digits(f) >= 3).Distinct()];

    private static int Digits(string figure) => figure.Replace(".", "", StringComparison.Ordinal).TrimStart('0').TakeWhile(char.IsAsciiDigit).Count();

    /// <summary>Without code, and without the numbers of papers, which are no figures.</summary>
    private static string Prose(string document) => Papers().Replace(Code().Replace(document, ""), "");

    private static IEnumerable<string> Headings(string file) => File.ReadLines(file).Where(l => l.StartsWith('#')).Select(l =>
        string.Concat(l.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-'));

    [GeneratedRegex(@"(?<![\w.,:/-])\d+\.\d+(·10[⁻⁰¹²³⁴-⁹]+)?(?![\w./])")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"arXiv \d+\.\d+")]
    private static partial Regex Papers();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"\]\((?!https?:)([^)\s]+)\)")]
    private static partial Regex Links();
}
