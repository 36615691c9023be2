using System.Security.Cryptography;
using Microsoft.ML;
using XaiL2O.Data;
using XaiL2O.Examples;
using XaiL2O.MLNet;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>The examples' data: every shipped file has its checksum, and damage is told in a sentence before a number is read.</summary>
internal sealed class DataFileTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "data");

    [Test]
    public void Every_shipped_file_is_as_its_checksum_says()
    {
        var files = Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Root, f)).Where(f => f is not ("README.md" or "SHA256SUMS")).ToArray();
        Assert.That(files, Has.Length.GreaterThan(10));
        foreach (var file in files)
            Assert.That(File.Exists(DataFiles.Checked(Root, file)), Is.True);
        Assert.That(File.ReadLines(Path.Combine(Root, "SHA256SUMS")).Count(), Is.EqualTo(files.Length));
    }

    [Test]
    public void What_is_shipped_is_read()
    {
        var ml = new MLContext(1);
        Assert.That(CtSlice.Test(ml, 1), Has.Length.EqualTo(18));
        Assert.That(CtSlice.Calibration(ml, 1), Has.Length.EqualTo(35));
        Assert.That(Digit.Load(ml), Has.Length.EqualTo(1797));
        Assert.That((TabularData.Airfoil().Length, TabularData.Concrete().Length, TabularData.Communities().Length, TabularData.Reference().Length), Is.EqualTo((1503, 1030, 1994, 365)));
        Assert.That(RealPools.Cow().Network.Cfmms, Is.Not.Empty);
        Assert.That(RealPools.UniswapAndSushi().Network.Cfmms, Is.Not.Empty);
        foreach (var model in Directory.GetFiles(Path.Combine(Root, "ct"), "*.zip"))
            Assert.That(ml.Model.Load(model, out _), Is.Not.Null, model);
    }

    [Test]
    public void A_flipped_bit_of_the_slices_dimensions_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var path = Path.Combine(folder.FullName, "ground_truth_test_000.hdf5");
        var bytes = File.ReadAllBytes(Path.Combine(Root, "ct", "ground_truth_test_000.hdf5"));
        // Three numbers of eight bytes, then the largest ones.
        byte[] dimensions = [18, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0];
        var at = bytes.AsSpan().IndexOf(dimensions);
        Assert.That(bytes.AsSpan(at + 24).StartsWith(dimensions), Is.True);
        var ml = new MLContext(1);
        for (var bit = 0; bit < 8 * 48; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at + (bit / 8)] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(path, damaged);
            Assert.That(() => ml.L2O().LoadLodopab(folder.FullName, new LodopabOptions { Part = "test" }).GetRowCount(), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path), $"bit {bit}");
        }

        folder.Delete(recursive: true);
    }

    [TestCase("ecg/mitbih-test.tsv")]
    [TestCase("cfmm/cow-mainnet-pools.json")]
    [TestCase("cfmm/bancor-mainnet-curves.csv.gz")]
    [TestCase("cfmm/ethereum-v3-pools.json")]
    [TestCase("digits/digits.tsv")]
    [TestCase("ct/fbp.zip")]
    [TestCase("tabular/communities.data.gz")]
    public void Damaged_cut_and_missing_data_are_refused_with_advice(string file)
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        File.Copy(Path.Combine(Root, "SHA256SUMS"), Path.Combine(folder.FullName, "SHA256SUMS"));
        var path = Path.Combine(folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Assert.That(() => DataFiles.Checked(folder.FullName, file), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("build the examples again"));
        var bytes = File.ReadAllBytes(Path.Combine(Root, file));
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, i % 4 == 3 ? bytes[..random.Next(bytes.Length)] : damaged);
            Assert.That(() => DataFiles.Checked(folder.FullName, file), Throws.InstanceOf<InvalidDataException>().With.Message.Contains(path).And.Message.Contains("Restore it from the repository"));
        }

        // Data of one's own: with a line of its own.
        File.WriteAllText(path, "mine");
        File.WriteAllText(Path.Combine(folder.FullName, "SHA256SUMS"), $"{Convert.ToHexStringLower(SHA256.HashData("mine"u8))}  {file}\n");
        Assert.That(DataFiles.Checked(folder.FullName, file), Is.EqualTo(path));
        File.WriteAllText(Path.Combine(folder.FullName, "SHA256SUMS"), "");
        Assert.That(() => DataFiles.Checked(folder.FullName, file), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("no line for"));
        folder.Delete(recursive: true);
    }
}
