using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using TorchSharp;

namespace XaiL2O.MLNet.Tests;

/// <summary>What ML.NET may expect of every estimator and transformer, after its own tests of estimators.</summary>
[TestFixtureSource(typeof(ConformanceCases), nameof(ConformanceCases.All))]
internal sealed class ConformanceLaws(ConformanceCase tested)
{
    private static readonly MLContext Ml = new(1);

    private const int Count = 24;

    private double Rounding => tested.Rounding;

    private readonly Lazy<ConformanceTable> expected = new(() => ConformanceTable.Of(tested.Transformer.Transform(tested.Training.View(2, Count))));

    private ITransformer Transformer => tested.Transformer;

    private IDataView Rows => tested.Training.View(2, Count);

    /// <summary>A filter may leave rows out.</summary>
    private bool KeepsAll => Transformer.IsRowToRowMapper;

    internal static ITransformer Reloaded(ITransformer model, IDataView rows)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, rows.Schema, stream);
        return new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
    }

    private static List<string> Describe(SchemaShape shape, string indent = "") =>
    [
        .. shape.OrderBy(c => c.Name, StringComparer.Ordinal).SelectMany(c => (IEnumerable<string>)[$"{indent}{c.Name}: {c.Kind} of {c.ItemType}{(c.IsKey ? ", key" : "")}", .. Describe(c.Annotations, indent + "  ")]),
    ];

    [Test]
    public void The_schema_is_the_promised_one_with_its_annotations()
    {
        var (input, delivered) = (Rows.Schema, Transformer.GetOutputSchema(Rows.Schema));
        Assert.That(Transformer.Transform(Rows).Schema.Select(c => (c.Name, c.Type, c.IsHidden)), Is.EqualTo(delivered.Select(c => (c.Name, c.Type, c.IsHidden))));
        Assert.That(delivered.Take(input.Count).Select(c => (c.Name, c.Type)), Is.EqualTo(input.Select(c => (c.Name, c.Type))));
        var estimator = tested.Estimator(Ml);
        if (estimator is not ConformanceCases.Fitted)
            Assert.That(Describe(estimator.GetOutputSchema(Shapes.Of(input))), Is.EqualTo(Describe(Shapes.Of(delivered))));
    }

    [Test]
    public void Columns_that_are_missing_mistyped_or_of_another_length_are_refused_by_name()
    {
        var (training, estimator) = (tested.Training.View(1, 60), tested.Estimator(Ml));
        var read = Transformer is BatchTransformer batch ? batch.InputColumnNames : Transformer is RequireTrustTransformer ? ["Trustworthy"] : tested.Vectors;
        void Refused(IDataView wrong, string name, bool byShape = true)
        {
            Assert.That(() => estimator.Fit(wrong), Throws.Exception.With.Message.Contains($"'{name}'"), "Fit");
            Assert.That(() => Transformer.Transform(wrong).Schema, Throws.Exception.With.Message.Contains($"'{name}'"), "Transform");
            Assert.That(() => Transformer.GetOutputSchema(wrong.Schema), Throws.Exception.With.Message.Contains($"'{name}'"), "GetOutputSchema");
            if (byShape && estimator is not ConformanceCases.Fitted)
                Assert.That(() => estimator.GetOutputSchema(Shapes.Of(wrong.Schema)), Throws.Exception.With.Message.Contains($"'{name}'"), "shape");
        }

        foreach (var name in read)
        {
            Refused(Ml.Transforms.DropColumns(name).Fit(training).Transform(training), name);
            // A verdict that a column hides is found all the same.
            if (Transformer is not RequireTrustTransformer)
                Refused(Ml.Transforms.CopyColumns(name, training.Schema[name].Type is TextDataViewType ? "Number" : "Kind").Fit(training).Transform(training), name);
        }

        foreach (var name in tested.Vectors)
            Refused(Ml.Transforms.Concatenate(name, name, "Number").Fit(training).Transform(training), name, byShape: false);
    }

    [Test]
    public void Every_way_of_reading_gives_the_same_values()
    {
        var view = Transformer.Transform(Rows);
        Assert.That(expected.Value.Count, KeepsAll ? Is.EqualTo(Count) : Is.InRange(1, Count - 1));
        ConformanceTable.Of(view).AssertIn(expected.Value, 0, "again");
        foreach (var column in view.Schema.Where(c => !c.IsHidden))
        {
            using var cursor = view.GetRowCursor([view.Schema["Id"], column]);
            Assert.That(cursor.IsColumnActive(column));
            var one = ConformanceTable.Of(cursor);
            Assert.That(one.Count, Is.EqualTo(expected.Value.Count));
            one.AssertIn(expected.Value, 0, $"{column.Name} alone");
        }

        var several = view.GetRowCursorSet(view.Schema, 3);
        foreach (var cursor in several)
        {
            using (cursor)
                ConformanceTable.Of(cursor).AssertIn(expected.Value, Rounding, "a set of cursors");
        }

        using (var first = view.GetRowCursor(view.Schema))
        using (var second = view.GetRowCursor(view.Schema))
        {
            var (a, b) = (new ConformanceTable(), new ConformanceTable());
            var (readFirst, readSecond) = (a.Reader(first), b.Reader(second));
            for (var i = 0; second.MoveNext(); i++)
            {
                Assert.That(second.Position, Is.EqualTo(i));
                readSecond();
                if (i % 3 == 0 && first.MoveNext())
                    readFirst();
            }

            Assert.That(second.Position, Is.EqualTo(-1));
            Assert.That(second.MoveNext(), Is.False);
            a.AssertIn(expected.Value, 0, "one of two cursors");
            b.AssertIn(expected.Value, 0, "the other of two cursors");
        }

        using var ids = view.GetRowCursor([view.Schema["Id"]]);
        var other = view.Schema.First(c => c.Name != "Id");
        Assert.That(ids.IsColumnActive(other), Is.False);
        Assert.That(() => ids.GetGetter<int>(other), Throws.InvalidOperationException.With.Message.Contains(other.Name));
    }

    [Test]
    public void Other_views_of_the_rows_give_the_same_values()
    {
        var view = Transformer.Transform(Rows);
        Assert.That(view.GetRowCount(), Is.EqualTo(KeepsAll ? Rows.GetRowCount() : null));
        Assert.That(view.Preview(maxRows: 12).RowView, Has.Length.EqualTo(Math.Min(12, expected.Value.Count)));
        ConformanceTable.Of(Ml.Data.Cache(view)).AssertIn(expected.Value, 0, "cached");
        ConformanceTable.Of(Transformer.Transform(Ml.Data.Cache(Rows))).AssertIn(expected.Value, 0, "of cached rows");
        foreach (var (how, rows) in (IEnumerable<(string, IDataView)>)
        [
            ("shuffled rows", Ml.Data.ShuffleRows(Rows, seed: 4)), ("some rows", Ml.Data.TakeRows(Rows, 7)), ("later rows", Ml.Data.SkipRows(Rows, 11)),
            ("filtered rows", Ml.Data.FilterRowsByColumn(Rows, "Number", 0.3, 0.8)),
        ])
        {
            var table = ConformanceTable.Of(Transformer.Transform(rows));
            Assert.That(table.Count, Is.GreaterThan(KeepsAll ? 5 : 0), how);
            table.AssertIn(expected.Value, Rounding, how);
        }

        ConformanceTable.Of(Ml.Data.ShuffleRows(view, seed: 5)).AssertIn(expected.Value, Rounding, "shuffled afterwards");
        ConformanceTable.Of(Ml.Data.FilterRowsByColumn(view, "Number", 0.3, 0.8)).AssertIn(expected.Value, 0, "filtered afterwards");
    }

    [Test]
    public void Batches_of_any_size_give_the_same_values()
    {
        if (tested.OfBatches is null)
            Assert.Pass("Rows are read one by one, or in batches of one size.");
        foreach (var size in new[] { 1, 7, 64, 1000 })
            ConformanceTable.Of(tested.OfBatches!(Ml, size).Fit(tested.Training.View(1, 60)).Transform(Rows)).AssertIn(expected.Value, Rounding, $"batches of {size}");
    }

    [Test]
    public void Engines_on_many_threads_give_the_same_values()
    {
        if (!KeepsAll)
            Assert.Pass("It has no engines, because they owe a row for every row.");
        var (chain, rows) = (tested.Training.Chain(Transformer), tested.Training.Draw(2, Count));
        var all = Rows;
        var column = Transformer.Transform(all).Schema.LastOrDefault(c => !c.IsHidden && c.Type == NumberDataViewType.Double);
        if (column.Name is null)
            Assert.Pass("It appends no number.");
        var values = Transformer.Transform(all).GetColumn<double>(column.Name).ToArray();
        Parallel.For(0, 4, _ =>
        {
            var output = SchemaDefinition.Create(typeof(Output));
            output[nameof(Output.Value)].ColumnName = column.Name;
            using var engine = Ml.Model.CreatePredictionEngine<ConformanceRows.Row, Output>(chain, ignoreMissingColumns: false, inputSchemaDefinition: tested.Training.Schema, outputSchemaDefinition: output);
            for (var i = 0; i < rows.Length; i += 3)
                Assert.That(engine.Predict(rows[i]).Value, Is.EqualTo(values[i]).Within(Rounding * Math.Max(1e-3, Math.Abs(values[i]))), column.Name);
        });
    }

    private sealed class Output
    {
        public double Value { get; set; }
    }

    [Test]
    public void A_zip_gives_the_same_bits_and_its_own_bits_again()
    {
        var loaded = Reloaded(Transformer, Rows);
        ConformanceTable.Of(loaded.Transform(Rows)).AssertIn(expected.Value, 0, "reloaded");
        Assert.That(Describe(Shapes.Of(loaded.GetOutputSchema(Rows.Schema))), Is.EqualTo(Describe(Shapes.Of(Transformer.GetOutputSchema(Rows.Schema)))));
        ConformanceTable.Of(Reloaded(loaded, Rows).Transform(Rows)).AssertIn(expected.Value, 0, "reloaded twice");
    }

    [Test]
    public void Cultures_change_nothing()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NumberDecimalSeparator = ",", NumberGroupSeparator = ".", NegativeSign = "−" } };
            ConformanceTable.Of(Transformer.Transform(Rows)).AssertIn(expected.Value, 0, "transformed");
            ConformanceTable.Of(Reloaded(Transformer, Rows).Transform(Rows)).AssertIn(expected.Value, 0, "reloaded");
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Test]
    public void Dispose_scopes_gradients_and_the_default_type_of_the_caller_change_nothing()
    {
        var type = torch.get_default_dtype();
        ITransformer fitted;
        try
        {
            torch.set_default_dtype(torch.ScalarType.Float64);
            using var scope = torch.NewDisposeScope();
            using var grad = torch.enable_grad();
            fitted = tested.Estimator(new MLContext(1)).Fit(tested.Training.View(1, 60));
            ConformanceTable.Of(fitted.Transform(Rows)).AssertIn(expected.Value, 0, "within");
        }
        finally
        {
            torch.set_default_dtype(type);
        }

        ConformanceTable.Of(fitted.Transform(Rows)).AssertIn(expected.Value, 0, "afterwards");
        using (torch.inference_mode(true))
            ConformanceTable.Of(fitted.Transform(Rows)).AssertIn(expected.Value, 0, "in inference mode");
    }

    [Test]
    public void Cross_validation_fits_and_judges_every_row_once()
    {
        var judged = Ml.Data.CrossValidationSplit(tested.Training.View(1, 120), numberOfFolds: 2).Sum(fold =>
        {
            var model = tested.Estimator(Ml).Fit(fold.TrainSet);
            return ConformanceTable.Of(model.Transform(fold.TestSet)).Count;
        });
        Assert.That(judged, KeepsAll ? Is.EqualTo(120) : Is.InRange(1, 119));
    }

    [Test]
    public void Disposal_lets_what_reads_it_go_on()
    {
        var fitted = Reloaded(Transformer, Rows);
        var view = fitted.Transform(Rows);
        using (var cursor = view.GetRowCursor(view.Schema))
        {
            var table = new ConformanceTable();
            var next = table.Reader(cursor);
            while (cursor.MoveNext())
            {
                next();
                (fitted as IDisposable)?.Dispose();
            }

            table.AssertIn(expected.Value, 0, "disposed while it was read");
        }

        Parallel.For(0, 4, i =>
        {
            if (i % 2 == 0)
                ConformanceTable.Of(view).AssertIn(expected.Value, 0, "disposed by another thread");
            for (var j = 0; j < 20 && i % 2 == 1; j++)
                (fitted as IDisposable)?.Dispose();
        });
        (fitted as IDisposable)?.Dispose();
        ConformanceTable.Of(fitted.Transform(Rows)).AssertIn(expected.Value, 0, "disposed");
        ConformanceTable.Of(Reloaded(fitted, Rows).Transform(Rows)).AssertIn(expected.Value, 0, "saved after that");
    }
}

/// <summary>The zips of all cases in a process that has seen nothing of them.</summary>
internal sealed class FreshProcessLaws
{
    /// <summary>The argument that makes this program the child.</summary>
    public const string Verb = "reload-cases";

    /// <summary>The child: writes what every zip of a folder makes of the rows beside it.</summary>
    public static int Run(string folder)
    {
        var ml = new MLContext();
        foreach (var path in Directory.GetFiles(folder, "*.zip"))
            File.WriteAllLines(path + ".values", ConformanceTable.Of(ml.Model.Load(path, out _).Transform(ml.Data.LoadFromBinary(path + ".rows"))).Lines);
        return 0;
    }

    [Test]
    public void Every_zip_gives_the_same_bits_in_a_fresh_process()
    {
        var ml = new MLContext(1);
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        string PathOf(int i) => Path.Combine(folder.FullName, $"{i}.zip");
        for (var i = 0; i < ConformanceCases.All.Length; i++)
        {
            // The rows before anything of ours, so that all of it runs there.
            var (tested, rows) = (ConformanceCases.All[i], ConformanceCases.All[i].Training with { Before = [] });
            ml.Model.Save(tested.Training.Chain(tested.Transformer), rows.View(2, 24).Schema, PathOf(i));
            using var stream = File.Create(PathOf(i) + ".rows");
            ml.Data.SaveAsBinary(rows.View(2, 24), stream);
        }

        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, ArgumentList = { typeof(FreshProcessLaws).Assembly.Location, Verb, folder.FullName } };
        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEnd();
        child.WaitForExit();
        Assert.That(child.ExitCode, Is.Zero, errors);
        for (var i = 0; i < ConformanceCases.All.Length; i++)
        {
            var tested = ConformanceCases.All[i];
            Assert.That(File.ReadAllLines(PathOf(i) + ".values"), Is.EqualTo(ConformanceTable.Of(tested.Transformer.Transform(tested.Training.View(2, 24))).Lines), tested.Name);
        }

        folder.Delete(recursive: true);
    }
}
