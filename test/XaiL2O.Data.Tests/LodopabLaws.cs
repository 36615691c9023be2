using Microsoft.ML;
using Microsoft.ML.Data;
using PureHDF;
using XaiL2O.MLNet;

namespace XaiL2O.Data.Tests;

/// <summary>Reading files in the layout of LoDoPaB-CT.</summary>
internal sealed class LodopabLaws
{
    private static readonly MLContext Ml = new(1);
    private string folder = "";

    [SetUp]
    public void MakeFolder() => folder = Directory.CreateTempSubdirectory("xail2o-lodopab-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(folder, recursive: true);

    private string PathOf(int number, string part = "train") => Path.Combine(folder, $"ground_truth_{part}_{number:000}.hdf5");

    private static float Value(int file, int slice, int row, int column) => file + (0.1f * slice) + (0.01f * row) + (0.001f * column);

    private void Write(int number, int slices, int size, string part = "train")
    {
        var data = new float[slices, size, size];
        for (var s = 0; s < slices; s++)
            for (var i = 0; i < size; i++)
                for (var j = 0; j < size; j++)
                    data[s, i, j] = Value(number, s, i, j);
        new H5File { ["data"] = data }.Write(PathOf(number, part));
    }

    private Row[] Read(LodopabOptions options) => [.. Ml.Data.CreateEnumerable<Row>(Ml.L2O().LoadLodopab(folder, options), reuseRowObject: false)];

    [Test]
    public void Slices_of_all_files_are_read_in_order()
    {
        Write(0, 3, 4);
        Write(1, 2, 4);
        Write(0, 9, 4, "test");
        var rows = Read(new LodopabOptions { ImageSize = 4 });
        Assert.That(rows.Select(r => (r.File, r.Slice)), Is.EqualTo(new[] { 0, 0, 0, 1, 1 }.Zip([0, 1, 2, 0, 1], (f, s) => ($"ground_truth_train_{f:000}.hdf5", s))));
        Assert.That(rows[4].Image[7], Is.EqualTo(Value(1, 1, 1, 3)));
        Assert.That(Ml.L2O().LoadLodopab(folder, new LodopabOptions { ImageSize = 4 }).GetRowCount(), Is.EqualTo(5));
        Assert.That(Read(new LodopabOptions { ImageSize = 4, Part = "test" }), Has.Length.EqualTo(9));
    }

    [Test]
    public void Resampling_averages_areas([Values(1, 2, 3, 4, 6, 12)] int size)
    {
        Write(0, 1, 6);
        var image = Read(new LodopabOptions { ImageSize = size })[0].Image;
        // The values are linear in row and column: so are averages over equal areas, where the image shrinks.
        Assert.That(image.Average(), Is.EqualTo(Value(0, 0, 2, 2) + 0.005f + 0.0005f).Within(1e-6));
        if (size <= 6)
        {
            for (var i = 0; i < image.Length; i++)
            {
                var (row, column) = ((((i / size) + 0.5f) * 6 / size) - 0.5f, (((i % size) + 0.5f) * 6 / size) - 0.5f);
                if (6 % size == 0)
                    Assert.That(image[i], Is.EqualTo((0.01f * row) + (0.001f * column)).Within(1e-6));
            }
        }
    }

    [Test]
    public void Cuts_are_centred_or_random_and_repeat_with_the_seed()
    {
        Write(0, 4, 8);
        var centred = Read(new LodopabOptions { ImageSize = 4, CropSize = 4 });
        Assert.That(centred[0].Image[0], Is.EqualTo(Value(0, 0, 2, 2)));
        var options = new LodopabOptions { ImageSize = 4, CropSize = 4, RandomCrop = true, RandomFlip = true, RandomRotation = true, Repetitions = 20, Seed = 7 };
        var (first, again, other) = (Read(options), Read(options), Read(options with { Seed = 8 }));
        Assert.That(first, Has.Length.EqualTo(80));
        Assert.That(again.SelectMany(r => r.Image), Is.EqualTo(first.SelectMany(r => r.Image)));
        Assert.That(other.SelectMany(r => r.Image), Is.Not.EqualTo(first.SelectMany(r => r.Image)));
        // All eight orientations occur, and each is the slice seen another way: the sorted values are those of some cut.
        Assert.That(first.Select(r => (Math.Sign(r.Image[1] - r.Image[0]), Math.Sign(r.Image[4] - r.Image[0]), Math.Abs(r.Image[1] - r.Image[0]) > 0.005)).Distinct().Count(), Is.EqualTo(8));
        foreach (var row in first)
        {
            var lowest = row.Image.Min();
            Assert.That(row.Image.Max() - lowest, Is.EqualTo(0.033f).Within(1e-5));
        }
    }

    [Test]
    public void Damaged_and_foreign_files_are_named_with_the_reason()
    {
        void Refuse(string reason, int size = 4)
        {
            var error = Assert.Throws<InvalidDataException>(() => Read(new LodopabOptions { ImageSize = 4, CropSize = size }));
            Assert.That(error!.Message, Does.Contain("ground_truth_train_000.hdf5").And.Contain(reason));
        }

        File.WriteAllText(PathOf(0), "not an HDF5 file, but long enough to hold a superblock if it were one at all");
        Refuse("not a readable HDF5 file");
        new H5File { ["other"] = new float[1, 4, 4] }.Write(PathOf(0));
        Refuse("no dataset 'data'");
        new H5File { ["data"] = new float[4, 4] }.Write(PathOf(0));
        Refuse("[4, 4]; [slices, n, n] is expected");
        new H5File { ["data"] = new float[1, 4, 5] }.Write(PathOf(0));
        Refuse("[1, 4, 5]");
        new H5File { ["data"] = new int[1, 4, 4] }.Write(PathOf(0));
        Refuse("32-bit floats are expected");
        new H5File { ["data"] = new float[,,] { { { 1, float.NaN }, { 0, 0 } } } }.Write(PathOf(0));
        Refuse("slice 0 holds NaN", 2);
        new H5File { ["data"] = new float[2, 4, 4] }.Write(PathOf(0));
        Refuse("slice 0 is 0 everywhere");
        Write(0, 1, 4);
        Refuse("CropSize = 5 does not fit", 5);
        Write(0, 4, 64);
        File.WriteAllBytes(PathOf(0), File.ReadAllBytes(PathOf(0))[..^20000]);
        Refuse("");
    }

    [Test]
    public void A_flipped_bit_of_a_dimension_makes_no_slices_that_the_file_does_not_hold([Values] bool chunked)
    {
        var data = new float[5, 16, 16];
        System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref data[0, 0, 0], data.Length).Fill(1);
        new H5File { ["data"] = chunked ? new H5Dataset(data, chunks: [1, 16, 16]) : new H5Dataset(data) }.Write(PathOf(0));
        var bytes = File.ReadAllBytes(PathOf(0));
        // The dimensions, and the largest ones where they are kept: three numbers of eight bytes.
        byte[] dimensions = [5, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0];
        var at = bytes.AsSpan().IndexOf(dimensions);
        Assert.That(at, Is.GreaterThan(0));
        var (refused, read) = (0, 0);
        for (var bit = 0; bit < 8 * 24; bit++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[at + (bit / 8)] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(PathOf(0), damaged);
            try
            {
                read = Math.Max(read, Read(new LodopabOptions { ImageSize = 4 }).Length);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        TestContext.Out.WriteLine($"{refused} of 192 flips refused, at most {read} slices read");
        // Without largest dimensions, which this writer does not keep, 1 and 4 slices are as good as 5.
        Assert.That(read, Is.LessThan(5));
        Assert.That(refused, Is.EqualTo(190));
    }

    [Test]
    public void Damage_of_what_describes_the_data_is_refused_or_changes_no_count()
    {
        Write(0, 5, 16);
        var bytes = File.ReadAllBytes(PathOf(0));
        var described = bytes.Length - (5 * 16 * 16 * sizeof(float));
        var (refused, flips) = (0, 0);
        for (var bit = 1; bit < 8 * described; bit += 5, flips++)
        {
            var damaged = (byte[])bytes.Clone();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(PathOf(0), damaged);
            try
            {
                Assert.That(Read(new LodopabOptions { ImageSize = 4 }), Has.Length.EqualTo(5), $"bit {bit}");
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        TestContext.Out.WriteLine($"{refused} of {flips} flips refused");
        Assert.That(refused, Is.GreaterThan(0));
    }

    [Test]
    public void Missing_folders_files_and_bad_options_are_refused()
    {
        Assert.That(() => Ml.L2O().LoadLodopab(folder), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("ground_truth_train_*.hdf5"));
        Assert.That(() => Ml.L2O().LoadLodopab(Path.Combine(folder, "none")), Throws.InstanceOf<DirectoryNotFoundException>());
        Assert.That(() => Ml.L2O().LoadLodopab(folder, new LodopabOptions { Repetitions = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("Repetitions = 0"));
        Assert.That(() => Ml.L2O().LoadLodopab(folder, new LodopabOptions { CropSize = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("CropSize = 0"));
    }

    private sealed class Row
    {
        public float[] Image { get; set; } = [];

        public int Slice { get; set; }

        public string File { get; set; } = "";
    }
}
