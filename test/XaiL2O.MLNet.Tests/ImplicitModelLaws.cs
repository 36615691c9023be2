using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>What all models have in common: names and types of columns, several models in one chain, properties of other columns, other definitions of the same weights.</summary>
internal sealed class ImplicitModelLaws
{
    private static readonly MLContext Ml = new(1);
    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 8, Angles = 4, Bins = 12 };
    private static readonly CfmmNetwork Pools = new(["a", "b"], [.. Enumerable.Range(1, 3).Select(j => new Cfmm($"pool {j}", ["a", "b"], [1, 1], 0.997, ExchangeRule.Geometric))]);

    /// <summary>One of every kind; nothing is learned.</summary>
    private static readonly ModelDefinition[] Definitions =
    [
        Fixed(1),
        new BackProjection { Geometry = Geometry },
        new TotalVariationReconstruction { Geometry = Geometry },
        new CfmmTradeDefinition { Network = Pools, LearnTrades = false },
        new ExpectedTradeDefinition { Network = Pools, Errors = ObservationErrors.Independent(Pools, [1e-3]) },
        new PoolTradeDefinition { Network = ConformanceCases.Ticks, LimitTenders = false, FeeMargin = 0 },
        new Nearest(),
    ];

    private static IEnumerable<TestCaseData> Cases => Definitions.Select(d => new TestCaseData(d).SetArgDisplayNames(d.GetType().Name));

    /// <summary>Projection onto the simplex.</summary>
    private sealed class Nearest : ModelDefinition
    {
        public override int DataSize => Fixture.M;

        public override int InferenceSize => Fixture.M;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Distance", model.Identity));
            model.Add(new SimplexTerm("Simplex", Fixture.M));
        }
    }

    private static DictionaryDefinition Fixed(int seed) => new()
    {
        MeasurementMatrix = Fixture.A,
        InitialTransform = Fixture.Matrix(seed, Fixture.N, Fixture.N),
        LearnTransform = false,
    };

    private sealed class Row<T>
    {
        public T[] Measurements { get; set; } = [];

        public T[] Reserves { get; set; } = [];

        public T[] Prices { get; set; } = [];

        public T[] State { get; set; } = [];

        public float Number { get; set; }

        public string Text { get; set; } = "";
    }

    /// <summary>Rows of whole numbers from 1 on for the inputs of a definition, which every type of number holds.</summary>
    private static IDataView Rows(ModelDefinition definition) => Rows<float>(definition);

    private static IDataView Rows<T>(ModelDefinition definition)
        where T : INumber<T>
    {
        const int count = 4;
        var schema = SchemaDefinition.Create(typeof(Row<T>));
        int Size(string name) => definition.Inputs.FirstOrDefault(c => c.Name == name)?.Size ?? 1;
        foreach (var name in (string[])["Measurements", "Reserves", "Prices", "State"])
            schema[name].ColumnType = new VectorDataViewType((PrimitiveDataViewType)((VectorDataViewType)schema[name].ColumnType).ItemType, Size(name));
        T[] Numbers(string name, int row) => [.. Enumerable.Range(0, Size(name)).Select(i => T.CreateChecked(1 + (((7 * i) + (3 * row)) % 20)))];
        return Ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(row => new Row<T> { Measurements = Numbers("Measurements", row), Reserves = Numbers("Reserves", row), Prices = Numbers("Prices", row), State = Numbers("State", row) }).ToArray(), schema);
    }

    private static IDataView Renamed(IDataView rows, Func<string, string> name)
    {
        string[] names = [.. rows.Schema.Select(c => c.Name)];
        var copied = names.Aggregate(rows, (view, n) => Ml.Transforms.CopyColumns(name(n), n).Fit(view).Transform(view));
        return Ml.Transforms.DropColumns(names).Fit(copied).Transform(copied);
    }

    /// <summary>The numbers of all columns that a model appended.</summary>
    private static double[] Appended(IDataView output, IDataView input) => [.. output.Schema.Where(c => input.Schema.GetColumnOrNull(c.Name) is null).SelectMany(c => Numbers(output, c))];

    private static IEnumerable<double> Numbers(IDataView view, DataViewSchema.Column column) => column.Type switch
    {
        VectorDataViewType { ItemType: NumberDataViewType item } when item == NumberDataViewType.Single => view.GetColumn<float[]>(column).SelectMany(v => v.Select(x => (double)x)),
        VectorDataViewType => view.GetColumn<double[]>(column).SelectMany(v => v),
        BooleanDataViewType => view.GetColumn<bool>(column).Select(v => v ? 1.0 : 0),
        var t when t == NumberDataViewType.Int32 => view.GetColumn<int>(column).Select(v => (double)v),
        _ => view.GetColumn<double>(column),
    };

    [TestCaseSource(nameof(Cases))]
    public void Columns_are_named_by_the_options_and_a_prefix_stands_before_every_appended_one(ModelDefinition definition)
    {
        var rows = Rows(definition);
        var plain = Train(definition).Fit(rows).Transform(rows);
        string[] appended = [.. plain.Schema.Skip(rows.Schema.Count).Select(c => c.Name)];
        Assert.That(appended, Has.Length.GreaterThan(5));

        var prefixed = Train(definition, new ImplicitModelTrainer.Options { OutputPrefix = "First." }).Fit(rows);
        var output = prefixed.Transform(rows);
        Assert.That(output.Schema.Skip(rows.Schema.Count).Select(c => c.Name), Is.EqualTo(appended.Select(n => "First." + n)));
        Assert.That(Train(definition, new ImplicitModelTrainer.Options { OutputPrefix = "First." }).GetOutputSchema(Shapes.Of(rows.Schema)).Select(c => c.Name), Is.SupersetOf(appended.Select(n => "First." + n)));
        Assert.That(Appended(output, rows), Is.EqualTo(Appended(plain, rows)));

        // Inputs, the target and outputs under other names; the prefix stands before the names that are given.
        var names = definition.Inputs.Append(definition.Target).Concat(definition.Outputs).ToDictionary(c => c.Name, c => "My" + c.Name);
        var mine = Renamed(rows, n => "My" + n);
        var named = Train(definition, new ImplicitModelTrainer.Options { ColumnNames = names, OutputPrefix = "P." }).Fit(mine);
        var outputs = definition.Outputs.Select(c => c.Name).ToHashSet();
        Assert.That(named.Transform(mine).Schema.Skip(mine.Schema.Count).Select(c => c.Name), Is.EqualTo(appended.Select(n => outputs.Contains(n) ? "P.My" + n : "P." + n)));
        Assert.That(Appended(named.Transform(mine), mine), Is.EqualTo(Appended(plain, rows)));
        names.Clear();
        Assert.That(Appended(Reloaded(named, mine).Transform(mine), mine), Is.EqualTo(Appended(plain, rows)), "names and prefix travel in the zip");
    }

    [Test]
    public void A_name_of_no_column_is_refused_with_those_that_there_are()
    {
        foreach (var definition in Definitions)
        {
            var known = string.Join(", ", definition.Inputs.Append(definition.Target).Concat(definition.Outputs).Select(c => c.Name));
            Assert.That(
                () => Train(definition, Named(("Nothing", "X"))),
                Throws.ArgumentException.With.Message.Contains("ColumnNames renames 'Nothing', which is no column of " + definition.GetType().Name).And.Message.Contains("Its columns are: " + known));
            Assert.That(() => Train(definition, Named((definition.Inputs[0].Name, " "))), Throws.ArgumentException.With.Message.Contains($"ColumnNames[{definition.Inputs[0].Name}]"));
        }

        Assert.That(() => Ml.L2O().Train(Definitions[3], "Reserves"), Throws.ArgumentException.With.Message.Contains("reads 2 columns and gives 3").And.Message.Contains("ColumnNames"));
    }

    [TestCaseSource(nameof(Cases))]
    public void Inputs_of_every_type_of_number_give_the_same_answers(ModelDefinition definition)
    {
        var rows = Rows(definition);
        var model = Train(definition).Fit(rows);
        var expected = Appended(model.Transform(rows), rows);
        foreach (var other in (IDataView[])[Rows<sbyte>(definition), Rows<byte>(definition), Rows<short>(definition), Rows<ushort>(definition), Rows<int>(definition), Rows<uint>(definition), Rows<long>(definition), Rows<ulong>(definition), Rows<double>(definition)])
        {
            var type = other.Schema[definition.Inputs[0].Name].Type.ToString();
            Assert.That(type, Does.Not.Contain("Single"));
            Assert.That(Appended(model.Transform(other), other), Is.EqualTo(expected), type);
            Assert.That(Appended(Train(definition).Fit(other).Transform(rows), rows), Is.EqualTo(expected), "fitted on " + type);
        }
    }

    [Test]
    public void Training_on_doubles_gives_the_model_of_singles()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 60));
        var doubles = Ml.Transforms.Conversion.ConvertType([new("Measurements"), new("Signal")], DataKind.Double).Fit(rows).Transform(rows);
        var trainer = Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, new ImplicitModelTrainer.Options { Training = new TrainingOptions { Epochs = 1 } });
        var (expected, actual) = (trainer.Fit(rows), trainer.Fit(doubles));
        Assert.That(actual.Weights.Single().Values, Is.EqualTo(expected.Weights.Single().Values));
        Assert.That(((DictionaryDefinition)actual.Definition).PriorGain, Is.EqualTo(((DictionaryDefinition)expected.Definition).PriorGain));
    }

    [TestCaseSource(nameof(Cases))]
    public void Columns_of_other_kinds_are_refused_by_name_before_and_after_fitting(ModelDefinition definition)
    {
        var rows = Rows(definition);
        var model = Train(definition).Fit(rows);
        foreach (var input in definition.Inputs)
        {
            var longer = Ml.Transforms.Concatenate(input.Name, input.Name, input.Name).Fit(rows).Transform(rows);
            foreach (var (wrong, what) in (IEnumerable<(string Column, string What)>)[("Text", "text"), ("Number", "a number")])
            {
                var options = Named((input.Name, wrong));
                Assert.That(() => Train(definition, options).Fit(rows), Throws.InvalidOperationException.With.Message.Contains($"'{wrong}' must be a vector of {input.Size} numbers"), what);
                Assert.That(() => Train(definition, options).GetOutputSchema(Shapes.Of(rows.Schema)), Throws.InvalidOperationException.With.Message.Contains($"'{wrong}' must be a vector of numbers"), what);
            }

            Assert.That(() => model.Transform(longer), Throws.InvalidOperationException.With.Message.Contains($"'{input.Name}' must be a vector of {input.Size} numbers"));
            var missing = Ml.Transforms.DropColumns(input.Name).Fit(rows).Transform(rows);
            Assert.That(() => model.Transform(missing), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains($"no column '{input.Name}'"));
            Assert.That(() => Train(definition).Fit(missing), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains($"no column '{input.Name}'"));
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Two_models_in_one_chain_need_a_prefix(ModelDefinition definition)
    {
        var rows = Rows(definition);
        var first = Train(definition);
        var names = definition.Outputs.ToDictionary(c => c.Name, c => "Second" + c.Name);
        foreach (var options in (ImplicitModelTrainer.Options[])[new(), new() { ColumnNames = names }])
        {
            var second = Train(definition, options);
            Assert.That(() => first.Append(second).Fit(rows), Throws.InvalidOperationException.With.Message.Contains("of a model before this one in the chain would be hidden").And.Message.Contains("OutputPrefix"));
            Assert.That(() => second.Fit(rows).Transform(first.Fit(rows).Transform(rows)), Throws.InvalidOperationException.With.Message.Contains("OutputPrefix"));
        }
    }

    [Test]
    public void A_chain_of_models_without_a_prefix_is_refused_before_the_second_is_trained()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 60));
        var second = Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = Fixture.A }, new ImplicitModelTrainer.Options { Progress = new Unwanted() });
        Assert.That(() => second.Fit(Fixture.Model.First().Transform(rows)), Throws.InvalidOperationException.With.Message.Contains("'Estimate'").And.Message.Contains("OutputPrefix"));
    }

    private sealed class Unwanted : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => Assert.Fail("it was trained");
    }

    [Test]
    public void Two_models_of_different_prefixes_work_in_one_chain_and_reload()
    {
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(2, 60));
        ImplicitModelTrainer Trainer(ModelDefinition definition, string prefix) => Train(definition, new ImplicitModelTrainer.Options { OutputPrefix = prefix });
        var models = Trainer(Fixed(1), "A.").Append(Trainer(Fixed(2), "B.")).Append(Trainer(new Nearest(), "")).Fit(rows);
        var chain = models.Append(Ml.L2O().Certify(new CertifiedProperty("A", "A.Sparsity.Value"), new CertifiedProperty("B", "B.Sparsity.Value"), new CertifiedProperty("Solved", "Converged")).Fit(models.Transform(rows)));
        var output = chain.Transform(rows);
        foreach (var (definition, prefix) in (IEnumerable<(ModelDefinition, string)>)[(Fixed(1), "A."), (Fixed(2), "B."), (new Nearest(), "")])
        {
            var alone = Train(definition).Fit(rows).Transform(rows);
            foreach (var column in alone.Schema.Skip(rows.Schema.Count))
                Assert.That(Numbers(output, output.Schema[prefix + column.Name]), Is.EqualTo(Numbers(alone, column)), prefix + column.Name);
        }

        Assert.That(output.GetColumn<double>("A.Sparsity.Value"), Is.Not.EqualTo(output.GetColumn<double>("B.Sparsity.Value")));
        var loaded = Reloaded(chain, rows).Transform(rows);
        Assert.That(loaded.Schema.Select(c => c.Name), Is.EqualTo(output.Schema.Select(c => c.Name)));
        foreach (var column in models.Transform(rows).Schema.Skip(rows.Schema.Count))
            Assert.That(Numbers(loaded, loaded.Schema[column.Name]), Is.EqualTo(Numbers(output, column)), column.Name);
        Assert.That(loaded.GetColumn<string>("FailedParts"), Is.EqualTo(output.GetColumn<string>("FailedParts")));
        Assert.That(loaded.GetColumn<string>("Explanation"), Is.EqualTo(output.GetColumn<string>("Explanation")));
    }

    [Test]
    public void The_truth_has_the_properties_that_the_terms_give_it()
    {
        var model = (ImplicitModelTransformer)Fixture.Model.First();
        var rows = Fixture.Rows(6, 12);
        rows[3].Signal = [.. rows[3].Signal.Select(_ => float.NaN)];
        var view = Ml.Data.LoadFromEnumerable(rows);
        var properties = model.PropertiesOf("Signal", "Truth.");
        var judged = properties.Transform(view);
        Assert.That(judged.Schema.Skip(view.Schema.Count).Select(c => c.Name), Is.EqualTo(new[] { "Truth.Sparsity.Value", "Truth.Fidelity.Value", "Truth.Prediction.Value", "Truth.Agreement.Value" }));
        var K = model.Weights[0].ToMatrix();
        double[] Values(IDataView of, string name) => [.. of.GetColumn<double>($"Truth.{name}.Value")];
        static double Norm(IEnumerable<float> x) => Math.Sqrt(x.Sum(v => (double)v * v));
        for (var i = 0; i < rows.Length; i++)
        {
            if (i == 3)
            {
                Assert.That(new[] { Values(judged, "Sparsity")[i], Values(judged, "Fidelity")[i], Values(judged, "Agreement")[i] }, Is.All.NaN);
                continue;
            }

            Assert.That(Values(judged, "Sparsity")[i], Is.EqualTo(Fixture.Multiply(K, rows[i].Signal).Sum(v => (double)Math.Abs(v)) / Norm(rows[i].Measurements)).Within(0.001).Percent);
            Assert.That(Values(judged, "Fidelity")[i], Is.LessThan(1e-6), "measurements are those of the signal");
        }

        // What predicts the measurements depends on no estimate.
        var solved = model.Transform(view).GetColumn<double>("Prediction.Value").ToArray();
        Assert.That(Values(judged, "Prediction").Where((_, i) => i != 3), Is.EqualTo(solved.Where((_, i) => i != 3)).Within(1e-9));
        foreach (var name in (string[])["Sparsity", "Fidelity", "Prediction", "Agreement"])
            Assert.That(Values(Reloaded(properties, view).Transform(view), name), Is.EqualTo(Values(judged, name)), name);
        // The properties of inferences are those that the model itself reports.
        var own = model.PropertiesOf("Estimate", "Truth.").Transform(model.Transform(view));
        Assert.That(Values(own, "Sparsity"), Is.EqualTo(own.GetColumn<double>("Sparsity.Value")));
        Assert.That(() => Train(Definitions[3]).Fit(Rows(Definitions[3])).PropertiesOf("Reserves", "T."), Throws.InvalidOperationException.With.Message.Contains("3 columns"));
    }

    /// <summary>Projection onto the simplex, whose numbers have names, as many as are asked for.</summary>
    private sealed class Shares : ModelDefinition
    {
        public int Names { get; init; } = Fixture.M;

        public override int DataSize => Fixture.M;

        public override int InferenceSize => Fixture.M;

        public override IReadOnlyList<ModelColumn> Outputs => [new("Estimate", InferenceSize) { SlotNames = [.. Enumerable.Range(0, Names).Select(i => $"share {i}")] }];

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Distance", model.Identity));
            model.Add(new SimplexTerm("Simplex", Fixture.M));
        }
    }

    [Test]
    public void Numbers_of_vectors_have_the_names_that_the_definition_gives_them()
    {
        static string[] Names(ITransformer model, IDataView rows, string column)
        {
            VBuffer<ReadOnlyMemory<char>> names = default;
            model.Transform(rows).Schema[column].GetSlotNames(ref names);
            return [.. names.DenseValues().Select(n => n.ToString())];
        }

        foreach (var (definition, column, first, last) in (IEnumerable<(ModelDefinition, string, string, string)>)[(new Shares(), "Estimate", "share 0", "share 11"), (Definitions[3], "Tender", "pool 1: a", "pool 3: b")])
        {
            var rows = Rows(definition);
            var model = Train(definition).Fit(rows);
            foreach (var transformer in (ITransformer[])[model, Reloaded(model, rows)])
                Assert.That((Names(transformer, rows, column)[0], Names(transformer, rows, column)[^1]), Is.EqualTo((first, last)));
        }

        Assert.That(Train(new Nearest()).Fit(Rows(new Nearest())).Transform(Rows(new Nearest())).Schema["Estimate"].HasSlotNames(), Is.False);
        Assert.That(() => Train(new Shares { Names = 3 }), Throws.ArgumentException.With.Message.Contains("'Estimate' of Shares has 12 numbers and 3 SlotNames"));
    }

    /// <summary>ML.NET's engine disposes its model with itself, and a chain its parts, though views and other engines read the same model.</summary>
    [Test]
    public void A_model_that_an_engine_disposed_serves_its_views_and_other_engines()
    {
        var rows = Fixture.Rows(3, 10);
        var model = Reloaded(Fixture.Model, Ml.Data.LoadFromEnumerable(rows));
        var learned = ((IEnumerable<ITransformer>)model).OfType<ImplicitModelTransformer>().Single();
        var view = model.Transform(Ml.Data.LoadFromEnumerable(rows));
        var expected = Fixture.Read(view).SelectMany(r => r.Numbers).ToArray();
        Assert.That(learned.HoldsModel, Is.True);
        using var other = Ml.Model.CreatePredictionEngine<Fixture.Row, Fixture.Output>(model, new PredictionEngineOptions { OwnsTransformer = false });
        var alone = other.Predict(rows[0]).Numbers;
        using (var engine = Ml.Model.CreatePredictionEngine<Fixture.Row, Fixture.Output>(model))
            engine.Predict(rows[0]);
        Assert.That(learned.HoldsModel, Is.False, "the engine disposed it");
        Assert.That(Fixture.Read(view).SelectMany(r => r.Numbers), Is.EqualTo(expected));
        Assert.That(other.Predict(rows[0]).Numbers, Is.EqualTo(alone));
    }

    [Test]
    public void Rows_that_are_being_solved_keep_the_memory_of_a_disposed_model_and_nothing_else_does()
    {
        var (made, freed) = (0, 0);
        var renewable = new Renewable<object>(() => made++, _ => freed++);
        renewable.Free();
        var (first, second) = (renewable.Take(), renewable.Take());
        Assert.That((made, first.Value), Is.EqualTo((1, second.Value)));
        renewable.Free();
        first.Dispose();
        Assert.That((freed, renewable.IsMade), Is.EqualTo((0, false)));
        using (renewable.Take())
            second.Dispose();
        Assert.That((made, freed, renewable.IsMade), Is.EqualTo((2, 1, true)));
        renewable.Free();
        renewable.Free();
        Assert.That(freed, Is.EqualTo(2));
    }

    [Test]
    public void A_definition_of_other_weights_is_refused()
    {
        var model = (ImplicitModelTransformer)Fixture.Model.First();
        var definition = (DictionaryDefinition)model.Definition;
        Assert.Multiple(() =>
        {
            Assert.That(() => model.WithDefinition(new DictionaryDefinition { MeasurementMatrix = new float[1, 2] { { 1, 1 } } }), Throws.ArgumentException.With.Message.Contains("'K' has shape [24, 24]").And.Message.Contains("[2, 2]"));
            Assert.That(() => model.WithDefinition(new DictionaryDefinition { MeasurementMatrix = Fixture.A, TransformSize = 30 }), Throws.ArgumentException.With.Message.Contains("'K' has shape [24, 24]").And.Message.Contains("[30, 24]"));
            Assert.That(() => model.WithDefinition(new Steps { Size = Fixture.M }), Throws.ArgumentException.With.Message.Contains("no weight 'K'; its weights are: Tau, Rho"));
            Assert.That(() => model.WithDefinition(new Nearest()), Throws.ArgumentException.With.Message.Contains("no weight 'K'; its weights are: none"), "weights that a definition does not have");
            Assert.That(() => model.WithDefinition(new DictionaryDefinition { MeasurementMatrix = Fixture.A, PriorNoise = -1 }), Throws.InstanceOf<ArgumentException>().With.Message.Contains("PriorNoise = -1"));
            Assert.That(() => model.WithDefinition(null!), Throws.ArgumentNullException);
        });

        // One that fits: the same problem, judged by the amplitude of the signal.
        var rows = Ml.Data.LoadFromEnumerable(Fixture.Rows(6, 5));
        var absolute = model.WithDefinition(new DictionaryDefinition { MeasurementMatrix = Fixture.A, Model = definition.Model with { SparsityRelativeToData = false } });
        Assert.That(absolute.Weights.Single().Values, Is.EqualTo(model.Weights.Single().Values));
        var norms = Fixture.Rows(6, 5).Select(r => Math.Sqrt(r.Measurements.Sum(v => (double)v * v))).ToArray();
        Assert.That(absolute.Transform(rows).GetColumn<double>("Sparsity.Value"), Is.EqualTo(model.Transform(rows).GetColumn<double>("Sparsity.Value").Zip(norms, (v, n) => v * n)).Within(0.01).Percent);
    }

    /// <summary>A few iterations: what is compared need not be solved.</summary>
    private static ImplicitModelTrainer Train(ModelDefinition definition, ImplicitModelTrainer.Options? options = null) =>
        Ml.L2O().Train(definition, (options ?? new ImplicitModelTrainer.Options()) with { Solver = new FixedPointOptions { MaxIterations = 100 } });

    private static ImplicitModelTrainer.Options Named(params (string From, string To)[] names) => new() { ColumnNames = names.ToDictionary(n => n.From, n => n.To) };

    private static ITransformer Reloaded(ITransformer model, IDataView rows)
    {
        using var stream = new MemoryStream();
        Ml.Model.Save(model, rows.Schema, stream);
        return new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _);
    }
}
