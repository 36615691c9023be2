using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace XaiL2O.Certifiers.Tests;

/// <summary>Files: written as a whole or not at all, and never believed without their checksum.</summary>
internal sealed class FileLaws
{
    private string folder = "";

    [SetUp]
    public void Make() => folder = Directory.CreateTempSubdirectory("xail2o-").FullName;

    [TearDown]
    public void Delete() => Directory.Delete(folder, recursive: true);

    private string In(string name) => Path.Combine(folder, name);

    [Test]
    public void A_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else()
    {
        FileReplacement.WriteText(In("a"), "old");
        Assert.That(() => FileReplacement.Write(In("a"), stream => { stream.Write("half"u8); throw new IOException("No space left on device"); }), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllText(In("a")), Is.EqualTo("old"));
        var longest = new string('c', 250);
        FileReplacement.WriteText(In(longest), "a name of the greatest length");
        Directory.CreateDirectory(In("b"));
        Assert.That(() => FileReplacement.WriteText(In("b"), "a folder has this name"), Throws.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
        Assert.That(() => FileReplacement.WriteText(In("none/c"), "no such folder"), Throws.InstanceOf<DirectoryNotFoundException>().With.Message.Contains(In("none/c")).And.Message.Not.Contains(".tmp"));
        Assert.That(() => FileReplacement.Write(In("a"), stream => throw new IOException($"No space left on device : '{((FileStream)stream).Name}'")), Throws.InstanceOf<IOException>().With.Message.EqualTo($"No space left on device : '{In("a")}'"));
        Assert.That(Directory.GetFileSystemEntries(folder).Select(Path.GetFileName), Is.EquivalentTo(new[] { "a", "b", longest }));
    }

    [Test]
    public void A_replaced_file_keeps_its_permissions_and_its_links()
    {
        FileReplacement.WriteText(In("a"), "a longer old text");
        File.CreateSymbolicLink(In("link"), "a");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(In("a"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        FileReplacement.WriteText(In("link"), "new");
        Assert.That(File.ReadAllText(In("a")), Is.EqualTo("new"));
        Assert.That(new FileInfo(In("link")).LinkTarget, Is.EqualTo("a"));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(In("a")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    [Platform("Linux")]
    public void A_device_stays_one()
    {
        Assert.That(() => FileReplacement.WriteText("/dev/full", "text"), Throws.InstanceOf<IOException>());
        FileReplacement.WriteText("/dev/null", "text");
        Assert.That(new FileInfo("/dev/null").Length, Is.EqualTo(0));
        Assert.That(Directory.GetFiles("/dev", "*.tmp"), Is.Empty);
    }

    [Test]
    [Platform("Linux")]
    public void A_file_in_shared_memory_is_an_ordinary_one()
    {
        var path = $"/dev/shm/xail2o-{Guid.NewGuid()}";
        try
        {
            foreach (var text in new[] { "a longer old text", "new" })
            {
                FileReplacement.WriteText(path, text);
                Assert.That(File.ReadAllText(path), Is.EqualTo(text));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Test]
    public void No_source_writes_a_file_in_place()
    {
        // The replacement itself, and files that live no longer than their process.
        string[] allowed = ["FileReplacement.cs", "ChainReload.cs", "FolderLease.cs", "StateLease.cs", "RealPools.cs"];
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "XaiL2O.sln")))
            root = root.Parent;
        Assert.That(root, Is.Not.Null, "the tests run below the solution");
        var sources = new[] { "src", "examples" }.SelectMany(f => Directory.GetFiles(Path.Combine(root!.FullName, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)).ToArray();
        Assert.That(sources, Has.Length.GreaterThan(200));
        string[] writers = ["File.Create(", "File.WriteAll", "File.Append", "File.OpenWrite(", "FileMode.Create", "FileMode.OpenOrCreate", "FileMode.Append", ".SavePng("];
        var inPlace = sources.Where(f => !allowed.Contains(Path.GetFileName(f)) && Array.Exists(writers, File.ReadAllText(f).Contains)).Select(Path.GetFileName);
        Assert.That(inPlace, Is.Empty);
    }

    [Test]
    public void Two_writers_of_one_file_do_not_meet()
    {
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => FileReplacement.WriteText(In("a"), new string((char)('a' + (i % 26)), 5000)));
        Assert.That(File.ReadAllText(In("a")).Distinct().Count(), Is.EqualTo(1));
        Assert.That(Directory.GetFiles(folder), Has.Length.EqualTo(1));
    }

    private static Certifier Calibrated() =>
        new([new PropertyCertifier("P", new EmpiricalDistribution(Enumerable.Range(0, 40).Select(i => i / 40.0)), new LabelPolicy(), Calibration.Conformal),
            new PropertyCertifier("Q", new EmpiricalDistribution(Enumerable.Range(0, 40).Select(i => i * 2.0)), new LabelPolicy(), Calibration.Conformal)]);

    private static byte[] MonitorState(Certifier certifier)
    {
        var monitor = new DriftMonitor(certifier);
        for (var i = 0; i < 30; i++)
            monitor.Observe([i % 7 / 7.0, i % 5]);
        using var stream = new MemoryStream();
        monitor.Save(stream);
        return stream.ToArray();
    }

    private static DriftMonitor Load(byte[] bytes, Certifier certifier) => DriftMonitor.Load(new MemoryStream(bytes), certifier);

    [Test]
    public void Every_flipped_bit_and_every_cut_of_a_monitors_state_is_noticed()
    {
        var certifier = Calibrated();
        var bytes = MonitorState(certifier);
        Assert.That(Load(bytes, certifier).Status.Rows, Is.EqualTo(30));
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(() => Load(damaged, certifier), Throws.InstanceOf<InvalidDataException>(), $"bit {bit}");
        }

        for (var length = 0; length < bytes.Length; length++)
            Assert.That(() => Load(bytes[..length], certifier), Throws.InstanceOf<InvalidDataException>(), $"{length} bytes");
        Assert.That(() => Load([.. bytes, (byte)' '], certifier), Throws.InstanceOf<InvalidDataException>());
    }

    [TestCase("{}")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("")]
    [TestCase("no JSON")]
    public void What_is_no_state_of_a_monitor_is_refused_with_a_sentence(string text)
    {
        Assert.That(() => Load(Encoding.UTF8.GetBytes(text), Calibrated()), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("state of the drift monitor").And.Message.Contains("Start a new monitor"));
        if (text.StartsWith('{'))
            Assert.That(() => Load(Sealed.ToJson(new { A = 1 }), Calibrated()), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("does not hold what it should"));
    }

    [Test]
    public void Values_that_no_monitor_has_are_refused_though_the_checksum_is_right()
    {
        var certifier = Calibrated();
        var state = JsonSerializer.Deserialize<JsonObject>(MonitorState(certifier))!;
        state.Remove("Sha256");
        var refused = 0;
        foreach (var path in Paths(state, ""))
        {
            foreach (var replacement in (string?[])["null", "-1", "1e300", "\"text\"", "[]", "{}", null])
            {
                var changed = (JsonObject)state.DeepClone();
                Replace(changed, path, replacement);
                if (JsonNode.DeepEquals(changed, state))
                    continue;
                try
                {
                    Assert.That(Load(Sealed.ToJson(changed), certifier).Observe([0.5, 0.5]).LogEvidence, Is.Not.NaN, $"{path} = {replacement}");
                }
                catch (InvalidDataException e)
                {
                    refused++;
                    Assert.That(e.Message, Does.EndWith("."), $"{path} = {replacement}");
                }
            }
        }

        TestContext.Out.WriteLine($"{refused} refused");
        Assert.That(refused, Is.GreaterThan(300));
    }

    private static ConformalSelection Selection => new([.. Enumerable.Range(0, 100).Select(i => (double)i)], [.. Enumerable.Range(0, 100).Select(i => i % 3 == 0)]);

    private static byte[] Saved(Action<Stream> save)
    {
        using var stream = new MemoryStream();
        save(stream);
        return stream.ToArray();
    }

    /// <summary>States of other streams: how one is made, and how it goes on.</summary>
    private static readonly Dictionary<string, (Func<byte[]> Make, Action<byte[]> GoOn)> Streams = new()
    {
        ["selection"] = (
            () =>
            {
                var stream = new StreamSelection(Selection, new StreamOptions { Window = 20, FalseDiscoveryRate = 0.3 });
                for (var i = 0; i < 30; i++)
                    stream.Observe(100 + i);
                return Saved(stream.Save);
            },
            bytes => StreamSelection.Load(new MemoryStream(bytes), Selection).Observe(50)),
        ["adaptive level"] = (
            () =>
            {
                var adaptive = new AdaptiveConformal();
                for (var i = 0; i < 30; i++)
                    adaptive.Observe(i % 4 == 0);
                return Saved(adaptive.Save);
            },
            bytes => AdaptiveConformal.Load(new MemoryStream(bytes)).Quantile([1, 2, 3])),
    };

    private static IEnumerable<string> StreamNames => Streams.Keys;

    [TestCaseSource(nameof(StreamNames))]
    public void Every_damage_of_the_state_of_a_stream_is_noticed(string name)
    {
        var (make, goOn) = Streams[name];
        var bytes = make();
        goOn(bytes);
        for (var bit = 0; bit < 8 * bytes.Length; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(() => goOn(damaged), Throws.InstanceOf<InvalidDataException>(), $"bit {bit}");
        }

        for (var length = 0; length < bytes.Length; length++)
            Assert.That(() => goOn(bytes[..length]), Throws.InstanceOf<InvalidDataException>(), $"{length} bytes");
        var state = JsonSerializer.Deserialize<JsonObject>(bytes)!;
        state.Remove("Sha256");
        goOn(Sealed.ToJson(state));
        var refused = 0;
        foreach (var path in Paths(state, ""))
        {
            foreach (var replacement in (string?[])["null", "0", "-1", "1e-9", "2147483647", "1e300", "\"text\"", "\"NaN\"", "[]", "{}", null])
            {
                var changed = (JsonObject)state.DeepClone();
                Replace(changed, path, replacement);
                try
                {
                    goOn(Sealed.ToJson(changed));
                }
                catch (InvalidDataException e)
                {
                    refused++;
                    Assert.That(e.Message, Does.EndWith("."), $"{path} = {replacement}");
                }
            }
        }

        TestContext.Out.WriteLine($"{refused} refused");
        Assert.That(refused, Is.GreaterThan(40));
    }

    private static IEnumerable<string> Paths(JsonNode? node, string path) => node switch
    {
        JsonObject o => o.SelectMany(p => Paths(p.Value, $"{path}/{p.Key}").Prepend($"{path}/{p.Key}")),
        JsonArray a => a.SelectMany((v, i) => Paths(v, $"{path}/{i}").Prepend($"{path}/{i}")),
        _ => [],
    };

    /// <summary>Puts JSON in the place of a value; takes the value away where null.</summary>
    private static void Replace(JsonObject root, string path, string? json)
    {
        var keys = path.Split('/')[1..];
        var parent = keys[..^1].Aggregate((JsonNode)root, (node, key) => node is JsonArray a ? a[int.Parse(key, null)]! : node[key]!);
        if (parent is JsonArray array)
        {
            if (json is null)
                array.RemoveAt(int.Parse(keys[^1], null));
            else
                array[int.Parse(keys[^1], null)] = JsonNode.Parse(json);
        }
        else if (json is null)
            ((JsonObject)parent).Remove(keys[^1]);
        else
            parent[keys[^1]] = JsonNode.Parse(json);
    }
}
