using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Opens a page in a Chromium without a window, where one is installed; <c>./test.sh --full</c> installs one on Debian.</summary>
internal static partial class Browser
{
    private const int MillisecondsToFinish = 60_000;

    /// <summary>
    /// The page's own words: its width and that of what it holds, the colour of its paper, and the texts of figures that reach beyond them or over each other, wherever they are by a pixel and more.
    /// </summary>
    private const string Script = """
        <script>
        const texts = [...document.querySelectorAll('svg')].flatMap(svg => {
          const frame = svg.getBoundingClientRect(), all = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
          const outside = all.filter(([, r]) => r.left < frame.left - 1 || r.right > frame.right + 1 || r.top < frame.top - 1 || r.bottom > frame.bottom + 1).map(([t]) => 'outside: ' + t);
          const over = all.flatMap(([t, a], i) => all.slice(i + 1).filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4).map(([u]) => t + ' over ' + u));
          return [...outside, ...over];
        });
        document.title = `${innerWidth} ${document.documentElement.scrollWidth} ${getComputedStyle(document.body).backgroundColor}|${texts.join('; ')}`;
        </script>
        """;

    /// <summary>Shows a report, keeps a picture of it beside the test's results, and asserts that a reader can read it.</summary>
    /// <param name="html">The document.</param>
    /// <param name="name">Of the picture.</param>
    /// <param name="width">Of the screen in pixels.</param>
    /// <param name="dark">Whether the reader prefers dark colours.</param>
    public static void Show(string html, string name, int width, bool dark)
    {
        var browser = new[] { "chromium", "chromium-browser", "google-chrome" }
            .SelectMany(n => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(d => Path.Combine(d, n))).FirstOrDefault(File.Exists);
        if (browser is null)
            Assert.Ignore("No Chromium is installed, so the report was not opened in a browser (on Debian: apt-get install chromium).");
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        try
        {
            var page = Path.Combine(folder.FullName, "report.html");
            File.WriteAllText(page, html.Replace("</body>", Script + "</body>", StringComparison.Ordinal));
            string Run(string[] arguments)
            {
                var start = new ProcessStartInfo(browser!) { RedirectStandardOutput = true, RedirectStandardError = true };
                // A window narrower than 500 pixels exists without its frame alone, and the height is that of the whole page.
                foreach (var argument in (string[])["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", $"--user-data-dir={Path.Combine(folder.FullName, "profile")}", $"--window-size={width},{Height(width)}", .. dark ? ["--blink-settings=preferredColorScheme=0"] : Array.Empty<string>(), .. arguments, new Uri(page).AbsoluteUri])
                    start.ArgumentList.Add(argument);
                using var process = Process.Start(start)!;
                var errors = process.StandardError.ReadToEndAsync();
                var output = process.StandardOutput.ReadToEnd();
                Assert.That(process.WaitForExit(MillisecondsToFinish), Is.True, "The browser did not finish.");
                return output + errors.Result;
            }

            var image = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{name}.png");
            Run([$"--screenshot={image}"]);
            Assert.That(new FileInfo(image) is { Exists: true, Length: > 20_000 }, Is.True);
            TestContext.AddTestAttachment(image);
            var said = Title().Match(Run(["--dump-dom"])).Groups[1].Value.Split('|', 2);
            var numbers = said[0].Split(' ', 3);
            Assert.That(int.Parse(numbers[0], CultureInfo.InvariantCulture), Is.LessThanOrEqualTo(Math.Max(width, 500)), "the screen is as wide as asked for");
            Assert.That(int.Parse(numbers[1], CultureInfo.InvariantCulture), Is.LessThanOrEqualTo(int.Parse(numbers[0], CultureInfo.InvariantCulture)), "the page is wider than the screen");
            Assert.That(numbers[2], Is.EqualTo(dark ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)"));
            Assert.That(said[1], Is.Empty, "texts of figures reach outside, or over each other");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static int Height(int width) => width < 500 ? 6000 : 4200;

    [GeneratedRegex("<title>([^<]*)</title>")]
    private static partial Regex Title();
}
