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

    private sealed class Moment
    {
        public DateTime When { get; set; }

        public DateTimeOffset Where { get; set; }

        public TimeSpan Since { get; set; }

        public double Value { get; set; }
    }

    [Test]
    public void Keys_of_times_are_told_apart_to_the_last_tick()
    {
        var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var view = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Select(i => new Moment { When = start.AddTicks(i % 2), Where = new DateTimeOffset(start).AddTicks(i % 2), Since = TimeSpan.FromTicks(i % 2), Value = i }).ToArray());
        foreach (var name in new[] { nameof(Moment.When), nameof(Moment.Where), nameof(Moment.Since) })
        {
            var keyed = Ml.Transforms.Conversion.MapValueToKey("Key", name).Fit(view).Transform(view);
            Assert.That(Ml.L2O().Certify(new CertifierOptions { Properties = [new("V", "Value")], GroupColumnName = "Key" }).Fit(keyed).Certifier.Groups, Has.Count.EqualTo(2), name);
        }
    }

    private sealed class Numbered
    {
        [KeyType(100)]
        public uint Key { get; set; }

        public double Value { get; set; }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void A_key_that_lost_its_values_is_refused_where_the_calibration_had_them(bool reload)
    {
        CertifierTransformer Fit(IDataView view)
        {
            var model = Ml.L2O().Certify(new CertifierOptions { Properties = [new("V", "Value")], GroupColumnName = "Key" }).Fit(view);
            if (!reload)
                return model;
            using var stream = new MemoryStream();
            Ml.Model.Save(model, view.Schema, stream);
            stream.Position = 0;
            var loaded = Ml.Model.Load(stream, out _);
            return loaded as CertifierTransformer ?? (CertifierTransformer)((IEnumerable<ITransformer>)loaded).Single();
        }

        var sites = Sites(7, 1);
        var named = Ml.Transforms.Conversion.MapValueToKey("Key", "SiteName").Fit(sites).Transform(sites);
        IDataView numbered = Ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Select(i => new Numbered { Key = (uint)(i % 2) + 1, Value = i }).ToArray());
        var (byValue, byNumber) = (Fit(named), Fit(numbered));
        Assert.That(() => byValue.Transform(numbered).Schema, Throws.InvalidOperationException.With.Message.Contains("'Key' is a key without values"));
        Assert.That(() => byNumber.Transform(Ml.Transforms.Conversion.ConvertType("Value", outputKind: DataKind.Double).Fit(named).Transform(named)).Schema, Throws.InvalidOperationException.With.Message.Contains("'Key' has values"));
        Assert.That(() => Ml.L2O().Report(byValue, byNumber.Transform(numbered)), Throws.InvalidOperationException.With.Message.Contains("'Key' is a key without values"));
        Assert.That(byNumber.Transform(numbered).GetColumn<bool>("Trustworthy").Count(), Is.EqualTo(80));
        // The same names as text, or as keys of another order, are the same groups.
        var text = Ml.Transforms.CopyColumns("Key", "SiteName").Fit(sites).Transform(sites);
        Assert.That(byValue.Transform(text).GetColumn<string>("V.Label"), Is.EqualTo(byValue.Transform(named).GetColumn<string>("V.Label")));
    }

    private sealed class Singles
    {
        public float Number { get; set; }

        [VectorType(10)]
        public float[] Vector { get; set; } = [];

        [VectorType(10)]
        public double[] Doubles { get; set; } = [];
    }

    [Test]
    public void Limits_of_functions_of_Single_columns_are_those_of_single_precision()
    {
        // The sum of ten times 0.1 in single precision is 1.0000000149.
        var view = Ml.Data.LoadFromEnumerable([new Singles { Number = 0.1f, Vector = [.. Enumerable.Repeat(0.1f, 10)], Doubles = [.. Enumerable.Repeat((double)0.1f, 10)] }]);
        bool Trusts(CertifiedProperty property, double limit) =>
            Ml.L2O().Certify(property with { Limits = new ValueLimits { FailAbove = limit, WarnAbove = limit } }).Fit(view).Transform(view).GetColumn<bool>("Trustworthy").Single();

        Assert.That(Trusts(new("X", "Number"), 0.1));
        Assert.That(Trusts(CertifiedProperty.Of("X", PropertyFunction.ShortOfOneHot(), "Number"), 0.1));
        Assert.That(Trusts(CertifiedProperty.Of("X", PropertyFunction.SmallestDistance(), "Vector"), 0.1));
        Assert.That(Trusts(CertifiedProperty.Of("X", PropertyFunction.L1Norm(), "Vector"), 1));
        Assert.That(Trusts(CertifiedProperty.Of("X", PropertyFunction.L1Norm(), "Doubles"), 1), Is.False, "no Single");
        Assert.That(Trusts(CertifiedProperty.Of("X", PropertyFunction.L1Norm(), "Vector"), 0.99999), Is.False);
        Assert.That(Ml.L2O().Certify(CertifiedProperty.Finite("Vector")).Fit(view).Certifier.Properties[0].Limits!.FailAbove, Is.EqualTo(0));
    }
}
