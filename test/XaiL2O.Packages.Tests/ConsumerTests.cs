using System.Text.RegularExpressions;

namespace XaiL2O.Packages.Tests;

/// <summary>Projects outside the repository build and run with the packages. Their programs are the code of the packages' READMEs, as a reader copies it.</summary>
internal sealed partial class ConsumerTests
{
    private const string LibTorch = "TorchSharp-cpu 0.107.0";

    private delegate string Run(params string[] arguments);

    private static string Package(string name) => $"{name} {Feed.Version}";

    [Test]
    public void Certificates_alone_need_no_libtorch()
    {
        var consumer = new Consumer("certifiers", Feed.ReadmeCode("XaiL2O.Certifiers"), [Package("XaiL2O.Certifiers")]);
        Assert.That(Warnings().Matches(consumer.Build()), Is.Empty);
        Certified(consumer.Run());
        Assert.That(Directory.GetFiles(consumer.Output, "*", SearchOption.AllDirectories).Select(Path.GetFileName), Has.None.Contains("orch").IgnoreCase);
    }

    [Test]
    public void The_pipeline_saves_and_another_process_loads()
    {
        var consumer = new Consumer("pipeline", Feed.ReadmeCode("XaiL2O.MLNet"), [Package("XaiL2O.MLNet"), LibTorch]);
        Assert.That(Warnings().Matches(consumer.Build()), Is.Empty);
        Loaded(consumer.Run(), consumer.Run("load"));
    }

    /// <summary>ML.NET's image package brings its own SkiaSharp, whose native half must fit: an image is read from a file, which loads both halves. There is no libtorch here, and that is said.</summary>
    [Test]
    public void Packages_live_beside_those_of_image_analytics_and_name_the_missing_libtorch()
    {
        var consumer = new Consumer("images", """
            using Microsoft.ML;
            using Microsoft.ML.Data;
            using XaiL2O.MLNet;
            using XaiL2O.Trainers;

            using var image = MLImage.CreateFromFile(args[0]);
            Console.WriteLine($"{image.Width} × {image.Height} pixels");
            try
            {
                var ml = new MLContext(1);
                ml.L2O().Trainers.ImplicitDictionary(new float[2, 3], "Measurements", "Signal", "Estimate").Fit(ml.Data.LoadFromEnumerable(new Row[8]));
            }
            catch (LibTorchException e)
            {
                Console.WriteLine(e.Message);
            }

            sealed class Row
            {
                [VectorType(2)]
                public float[] Measurements { get; set; } = new float[2];

                [VectorType(3)]
                public float[] Signal { get; set; } = new float[3];
            }
            """, [Package("XaiL2O.MLNet"), "Microsoft.ML.ImageAnalytics 5.0.1"]);
        Assert.That(consumer.Build(), Does.Contain("warning XAIL2O001").And.Contain("TorchSharp-cpu"));
        // TorchSharp looks for libtorch among the packages of the machine, too, where others may have left it; here it looks into an empty folder.
        var empty = Directory.CreateDirectory(Path.Combine(consumer.Folder, "empty")).FullName;
        var (exitCode, output) = DotNet.Execute("dotnet", consumer.Folder, empty, Path.Combine(consumer.Output, "images.dll"), Path.Combine(Repository.Root, "src", "icon.png"));
        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Contain("256 × 256 pixels").And.Contain("Reference the package of libtorch for your machine").And.Contain("TorchSharp-cpu"));
    }

    [Test]
    public void Models_are_solved_without_ML_NET()
    {
        LongOnly();
        var consumer = new Consumer("trainers", Feed.ReadmeCode("XaiL2O.Trainers"), [Package("XaiL2O.Trainers"), LibTorch]);
        Assert.That(Warnings().Matches(consumer.Build()), Is.Empty);
        Assert.That(consumer.Run().Trim(), Is.EqualTo("0.25; 0.75"));
    }

    [Test]
    public void Data_are_simulated()
    {
        LongOnly();
        var consumer = new Consumer("data", """
            var reserves = XaiL2O.Data.CfmmSimulation.Reserves(3, new Random(1));
            Console.WriteLine($"reserves are positive: {reserves.Length > 0 && reserves.All(r => r > 0)}");
            """, [Package("XaiL2O.Data"), LibTorch]);
        Assert.That(Warnings().Matches(consumer.Build()), Is.Empty);
        Assert.That(consumer.Run(), Does.Contain("reserves are positive: True"));
    }

    [Test]
    public void Applications_are_published_as_one_file()
    {
        LongOnly();
        var certifiers = Publish(new Consumer("certifiers-file", Feed.ReadmeCode("XaiL2O.Certifiers"), [Package("XaiL2O.Certifiers")]));
        Certified(certifiers());
        var pipeline = Publish(new Consumer("pipeline-file", Feed.ReadmeCode("XaiL2O.MLNet"), [Package("XaiL2O.MLNet"), LibTorch]));
        Loaded(pipeline(), pipeline("load"));
    }

    /// <summary>Certificates can be compiled natively without a warning; who saves a state there is warned.</summary>
    [Test]
    public void Certificates_are_compiled_natively()
    {
        LongOnly();
        var compiler = OperatingSystem.IsLinux() ? ((string[])["clang", "gcc"]).FirstOrDefault(c => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, c)))) : "";
        if (compiler is null)
            Assert.Ignore("There is no compiler that links.");
        var consumer = new Consumer("certifiers-native", Feed.ReadmeCode("XaiL2O.Certifiers"), [Package("XaiL2O.Certifiers")], "<PublishAot>true</PublishAot><TrimmerSingleWarn>false</TrimmerSingleWarn>");
        var folder = Path.Combine(consumer.Folder, "published");
        Assert.That(Warnings().Matches(Consumer.Succeed(consumer.Folder, "publish", "--nologo", "--use-current-runtime", $"-p:CppCompilerAndLinker={compiler}", "-o", folder)), Is.Empty);
        var (exitCode, output) = DotNet.Execute(Path.Combine(folder, consumer.Name), folder, null);
        Assert.That(exitCode, Is.Zero, output);
        Certified(output);

        File.WriteAllText(Path.Combine(consumer.Folder, "State.cs"), "static class State { public static void Save(XaiL2O.Certifiers.DriftMonitor monitor, Stream stream) => monitor.Save(stream); }");
        Assert.That(consumer.Build(), Does.Contain("warning IL2026").And.Contain("warning IL3050"));
    }

    /// <summary>Publishes for this machine as one file, moves that file with its native libraries to another folder, and gives what runs it there.</summary>
    private static Run Publish(Consumer consumer)
    {
        var folder = Path.Combine(consumer.Folder, "published");
        Consumer.Succeed(consumer.Folder, "publish", "--nologo", "--use-current-runtime", "--no-self-contained", "-p:PublishSingleFile=true", "-o", folder);
        Directory.Delete(Path.Combine(consumer.Folder, "bin"), recursive: true);
        Assert.That(Directory.GetFiles(folder, "*.dll").Select(Path.GetFileName), Has.None.StartsWith("XaiL2O"));
        return arguments =>
        {
            var (exitCode, output) = DotNet.Execute(Path.Combine(folder, consumer.Name), folder, null, arguments);
            Assert.That(exitCode, Is.Zero, output);
            return output;
        };
    }

    private static void Certified(string output) => Assert.That(output, Does.Contain("(0.6; 0.61) is trustworthy: True").And.Contain("(0.2; 0.9) is trustworthy: False. Distance failed"));

    private static void Loaded(string saved, string loaded)
    {
        Assert.That(saved, Does.Contain("Saved model.zip"));
        Assert.That(Answers().Count(loaded), Is.EqualTo(5), loaded);
    }

    private static void LongOnly()
    {
        if (!TestRun.Full)
            Assert.Ignore("Only in the long run: ./test.sh --full.");
    }

    [GeneratedRegex("warning [A-Z]")]
    private static partial Regex Warnings();

    [GeneratedRegex("is trustworthy: (True|False)")]
    private static partial Regex Answers();
}
