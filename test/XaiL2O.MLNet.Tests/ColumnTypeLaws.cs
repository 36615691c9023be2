using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Columns of every type of number, and keys whose values are numbers, as properties and as groups.</summary>
internal sealed class ColumnTypeLaws
{
    private static readonly MLContext Ml = new(1);

    private sealed class Row
    {
        public sbyte SByte { get; set; }

        public byte Byte { get; set; }

        public short Int16 { get; set; }

        public ushort UInt16 { get; set; }

        public int Int32 { get; set; }

        public uint UInt32 { get; set; }

        public long Int64 { get; set; }

        public ulong UInt64 { get; set; }

        public float Single { get; set; }

        public double Double { get; set; }

        [VectorType(2)]
        public int[] Integers { get; set; } = [];

        [VectorType(2)]
        public long[] Longs { get; set; } = [];

        [VectorType(2)]
        public double[] Doubles { get; set; } = [];

        public int Site { get; set; }

        public string SiteName { get; set; } = "";

        public float Value { get; set; }
    }

    private static readonly string[] Scalars = ["SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Single", "Double"];

    private static IDataView View => Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 60).Select(i =>
    {
        var v = (byte)(i % 7);
        return new Row
        {
            SByte = (sbyte)v, Byte = v, Int16 = v, UInt16 = v, Int32 = v, UInt32 = v, Int64 = v, UInt64 = v, Single = v, Double = v,
            Integers = [v, -i], Longs = [v, -i], Doubles = [v, -i],
        };
    }));

    [Test]
    public void Properties_take_every_type_of_number()
    {
        CertifiedProperty[] properties =
        [
            .. Scalars.Select(name => new CertifiedProperty(name, name)),
            .. Scalars.Select(name => CertifiedProperty.Of($"Norm {name}", PropertyFunction.L1Norm(), name) with { Sides = Sides.Upper }),
        ];
        var judged = Ml.L2O().Certify(properties).Append(Ml.Transforms.CopyColumns("Copy", "Site")).Fit(View).Transform(View);
        var expected = judged.GetColumn<double>("Double.PValue").ToArray();
        foreach (var property in properties)
            Assert.That(judged.GetColumn<double>(property.Name + ".PValue"), Is.EqualTo(expected), property.Name);
        Assert.That(Metric.Mean("Int64").Measure(View), Is.EqualTo(Metric.Mean("Double").Measure(View)));
    }

    [Test]
    public void Functions_take_vectors_of_integers()
    {
        CertifiedProperty[] properties = [.. new[] { "Integers", "Longs", "Doubles" }.Select(name => CertifiedProperty.Of(name, PropertyFunction.L1Norm(), name))];
        var judged = Ml.L2O().Certify(properties).Fit(View).Transform(View);
        var expected = judged.GetColumn<double>("Doubles.Value").ToArray();
        Assert.That(expected, Has.Some.GreaterThan(50));
        Assert.That(judged.GetColumn<double>("Integers.Value"), Is.EqualTo(expected));
        Assert.That(judged.GetColumn<double>("Longs.Value"), Is.EqualTo(expected));
    }

    [Test]
    public void Groups_take_every_type_of_integer()
    {
        foreach (var name in Scalars[..^2])
        {
            var model = Ml.L2O().Certify(new CertifierOptions { Properties = [new("V", "Double")], GroupColumnName = name, MinimumPerGroup = 1, Policy = new LabelPolicy { PassProbability = 0.5, FailProbability = 0.5 } }).Fit(View);
            Assert.That(model.Certifier.Groups.Keys.Order(), Is.EqualTo(Enumerable.Range(0, 7).Select(i => $"{i}")), name);
        }

        Assert.That(() => Ml.L2O().Certify(new CertifierOptions { Properties = [new("V", "Double")], GroupColumnName = "Single" }).Fit(View), Throws.InvalidOperationException.With.Message.Contains("integer"));
    }

    /// <summary>Values at site 7 are a hundred times those at 42; the first row says which site comes first.</summary>
    private static IDataView Sites(int first, int seed)
    {
        var random = new Random(seed);
        return Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Select(i =>
        {
            var site = i % 2 == 0 ? first : 49 - first;
            return new Row { Site = site, SiteName = $"{site}", Value = (float)(random.NextDouble() * (site == 7 ? 100 : 1)) };
        }).ToArray());
    }

    [Test]
    public void Keys_name_their_groups_by_value_whatever_its_type()
    {
        var (calibration, rows) = (Sites(7, 1), Sites(42, 2));
        string[] Labels(string column, Func<IDataView, IDataView> keyed)
        {
            var model = Ml.L2O().Certify(new CertifierOptions { Properties = [new("V", "Value")], GroupColumnName = column }).Fit(keyed(calibration));
            Assert.That(model.Certifier.Groups.Keys, Is.EquivalentTo(new[] { "7", "42" }));
            return [.. model.Transform(keyed(rows)).GetColumn<string>("V.Label")];
        }

        var expected = Labels("SiteName", v => v);
        foreach (var type in new[] { DataKind.Int32, DataKind.Int64, DataKind.Single, DataKind.Double })
        {
            // Each data set gets keys of its own, numbered in the order of its rows.
            IDataView Keyed(IDataView view)
            {
                var typed = Ml.Transforms.Conversion.ConvertType("Typed", "Site", type).Fit(view).Transform(view);
                return Ml.Transforms.Conversion.MapValueToKey("Key", "Typed").Fit(typed).Transform(typed);
            }

            Assert.That(Labels("Key", Keyed), Is.EqualTo(expected), $"{type}");
        }
    }
}
