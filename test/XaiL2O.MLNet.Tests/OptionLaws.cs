using System.Collections;
using System.Reflection;
using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>
/// Every property of every options type is given odd values: 0, negative, NaN, ∞, the largest, null, empty, duplicates. Each is refused at once, with a message
/// that names the property and the value, or is meant and stands in a list here.
/// </summary>
internal sealed class OptionLaws
{
    /// <summary>A valid instance of every options type; a type that is missing here fails a test.</summary>
    private static readonly object[] Valid =
    [
        new FixedPointOptions(), new TrainingOptions(), new ImplicitDictionaryOptions(), new ReconstructionOptions(), new FeasibilityOptions(), new TotalVariationOptions(),
        new CfmmTradeOptions(), new LinearEstimatorOptions(), new StepPolicy(),
        new DriftOptions(), new JointPolicy(), new LabelPolicy(), new ValueLimits { FailAbove = 1 }, new TrustPolicy(),
        new ReportOptions(), new LodopabOptions(), new CertifierOptions { Properties = [new CertifiedProperty("Sparsity")] }, new CertifiedProperty("Sparsity"),
        new ImplicitModelTrainer.Options(), new ErrorBoundOptions(), new SelectionOptions(), new AdaptiveOptions(), new StreamOptions(),
        new ConformalLevel(), new DifficultyModel(new MLContext(1).Regression.Trainers.LbfgsPoissonRegression(), ["Features"]), new ParallelBeamGeometry(), new RandomSearch(), new SuccessiveHalving(), new ComponentBoundOptions(), new DensityRatioOptions(new MLContext(1).BinaryClassification.Trainers.LbfgsLogisticRegression(), ["Features"]), new RiskMonitorOptions(), new ExchangeabilityOptions(),
        new DictionaryDefinition { MeasurementMatrix = new float[2, 3] }, new InpaintingDefinition { MeasurementMatrix = new float[2, 3] }, new SignalRecoveryDefinition { MeasurementMatrix = new float[2, 3] },
        new ImplicitReconstruction(), new FeasibilityReconstruction(), new TotalVariationReconstruction { Radii = [0.01, 0.02] }, new BackProjection(), new UNetReconstruction(),
        new DecisionDefinition { Size = 2, Point = "Point", Costs = "Costs", Constraints = [VectorConstraint.Simplex("Whole")] },
        new LearnedDecisionDefinition { FeatureCount = 2, Decision = new DecisionDefinition { Size = 2, Costs = "Costs", Constraints = [VectorConstraint.Simplex("Whole")] } },
        new ExpectedTradeDefinition { Network = CfmmTransformerLaws.Network, Prices = [.. CfmmTransformerLaws.Network.Tokens.Select(_ => 1.0)] },
        new CfmmTradeDefinition { Network = CfmmTransformerLaws.Network, Prices = [.. CfmmTransformerLaws.Network.Tokens.Select(_ => 1.0)] },
        new PoolTradeDefinition { Network = ConformanceCases.Ticks },
    ];

    /// <summary>Values that look odd and have a meaning. "*" stands for every type.</summary>
    private static readonly Dictionary<string, (object?[] Values, string Why)> Meant = new()
    {
        ["*.Seed"] = ([0, -1, int.MaxValue, int.MinValue, 0ul, ulong.MaxValue], "a seed is any number"),
        ["FixedPointOptions.MaxIterations"] = ([int.MaxValue], "as many as it takes; a token ends it"),
        ["FixedPointOptions.CheckEvery"] = ([int.MaxValue], "judged at the last iteration alone"),
        ["FixedPointOptions.AndersonMemory"] = ([0], "no acceleration"),
        ["TrainingOptions.Epochs"] = ([int.MaxValue], "until patience or a token ends it"),
        ["TrainingOptions.BatchSize"] = ([int.MaxValue], "all rows in one batch"),
        ["TrainingOptions.WarmUp"] = ([0.0], "no warm-up"),
        ["TrainingOptions.WeightDecay"] = ([0.0], "no decay"),
        ["TrainingOptions.GradientNorm"] = ([double.PositiveInfinity], "no limit"),
        ["TrainingOptions.AdjointIterations"] = ([int.MaxValue], "until the adjoint equation is solved"),
        ["TrainingOptions.CheckpointPath"] = ([null], "no checkpoints"),
        ["TrainingOptions.ValidationFraction"] = ([0.0], "no validation"),
        ["TrainingOptions.Patience"] = ([0, int.MaxValue], "no early end"),
        ["TrainingOptions.FinalIterations"] = ([int.MaxValue], "as many as it takes"),
        ["ReconstructionOptions.Concavity"] = ([0.0], "a convex regulariser"),
        ["ReconstructionOptions.NoiseFloor"] = ([null], "measurements count alike"),
        ["ReconstructionOptions.Preconditioning"] = ([0.0], "none"),
        ["ReconstructionOptions.Separation"] = ([0.0], "none"),
        ["TotalVariationOptions.NoiseFloor"] = ([null], "measurements count alike"),
        ["CfmmTradeOptions.InitialMargins"] = ([null], "tuned by the margin rule"),
        ["LinearEstimatorOptions.Ridge"] = ([0.0, null], "no ridge; chosen on validation rows"),
        ["StepPolicy.Fixed"] = ([null], "the step follows from the terms"),
        ["DriftOptions.MeanRunLength"] = ([null], "the promise for all time"),
        ["ValueLimits.FailAbove"] = ([0.0, -1.0, double.MaxValue], "a limit is any number"),
        ["ValueLimits.WarnAbove"] = ([0.0, -1.0, null], "a limit is any number below the other; no warning"),
        ["LabelPolicy.WarningProbability"] = ([0.0], "no warnings"),
        ["LabelPolicy.Confidence"] = ([null], "on average over calibrations"),
        ["ReportOptions.Summary"] = ([""], "none"),
        ["ReportOptions.SetColumnName"] = ([null], "no sets"),
        ["ReportOptions.RowNameColumnName"] = ([null], "rows are named by their position"),
        ["ReportOptions.ErrorColumnName"] = ([null], "no truth is known"),
        ["ReportOptions.EstimateColumnName"] = ([null], "no truth is known"),
        ["ReportOptions.TruthColumnName"] = ([null], "no truth is known"),
        ["ReportOptions.WorstRows"] = ([0, int.MaxValue], "none, or all that did not pass"),
        ["LodopabOptions.CropSize"] = ([null], "whole images"),
        ["LodopabOptions.Repetitions"] = ([int.MaxValue], "without end: rows are made as they are read"),
        ["CertifiedProperty.ColumnName"] = ([null], "named as the property"),
        ["CertifiedProperty.SecondColumnName"] = ([null], "none"),
        ["CertifiedProperty.TruthColumnName"] = ([null], "none"),
        ["CertifiedProperty.Tolerance"] = ([0.0, double.MaxValue], "values up to it are not told apart"),
        ["CertifiedProperty.Function"] = ([null], "the column's values as they are"),
        ["CertifiedProperty.Limits"] = ([null], "calibrated"),
        ["CertifiedProperty.Policy"] = ([null], "that of the certifier"),
        ["CertifiedProperty.Cause"] = (["", null], "none; what came with the column"),
        ["ReconstructionOptions.Misfit"] = ([null], "a constraint, and no soft ball"),
        ["CertifierOptions.GroupColumnName"] = ([null], "no groups"),
        ["CertifierOptions.SubjectColumnName"] = ([null], "rows are exchangeable"),
        ["CertifierOptions.MinimumPerGroup"] = ([null, int.MaxValue], "what the levels need; no group has so many, so all fall back"),
        ["CertifierOptions.SketchError"] = ([null], "no sketch"),
        ["DictionaryDefinition.TransformSize"] = ([null], "as many rows as columns"),
        ["DictionaryDefinition.InitialTransform"] = ([null], "random"),
        ["DictionaryDefinition.LearnPrior"] = ([null], "where the transform is trained"),
        ["InpaintingDefinition.InitialTransform"] = ([null], "the cosine transform"),
        ["TotalVariationReconstruction.TuningRows"] = ([int.MaxValue], "all rows"),
        ["CfmmTradeDefinition.Prices"] = ([null], "each row has its own"),
        ["ExpectedTradeDefinition.Prices"] = ([null], "each row has its own"),
        ["LearnedDecisionDefinition.Start"] = ([null], "by regression"),
        ["LearnedDecisionDefinition.ErrorWeight"] = ([0.0, double.MaxValue], "regret alone, or hardly"),
        ["LearnedDecisionDefinition.HiddenUnits"] = ([0], "a linear prediction"),
        ["DecisionDefinition.Point"] = ([null], "no distance in the objective"),
        ["DecisionDefinition.Weights"] = ([null], "all 1"),
        ["DecisionDefinition.Costs"] = ([null], "none"),
        ["DecisionDefinition.Quadratic"] = ([null], "none"),
        ["DecisionDefinition.QuadraticDiagonal"] = ([null], "none"),
        ["DecisionDefinition.ChangeCosts"] = ([null], "none"),
        ["DecisionDefinition.ChangesFrom"] = ([null], "from 0"),
        ["ExpectedTradeDefinition.Errors"] = ([null], "learned"),
        ["PoolTradeDefinition.FeeMargin"] = ([null, 0.0], "chosen in fitting; none"),
        ["*.OutputPrefix"] = ([""], "none"),
        ["ConformalLevel.Confidence"] = ([null], "an average over calibrations"),
        ["StreamOptions.ExpectedShare"] = ([1.0], "all rows"),
        ["AdaptiveOptions.StepSize"] = ([1.0], "the largest"),
        ["ErrorBoundOptions.ErrorColumnName"] = ([null], "errors follow from inference and truth"),
        ["ErrorBoundOptions.LowerColumnName"] = ([null], "no quantiles"),
        ["ErrorBoundOptions.UpperColumnName"] = ([null], "no quantiles"),
        ["ErrorBoundOptions.Difficulty"] = ([null], "all rows alike"),
        ["ErrorBoundOptions.GroupColumnName"] = ([null], "no groups"),
        ["ErrorBoundOptions.MinimumPerGroup"] = ([null, int.MaxValue], "what the level needs; no group has so many, so all fall back"),
        ["ErrorBoundOptions.WeightColumnName"] = ([null], "no weights"),
        ["ComponentBoundOptions.ScaleColumnName"] = ([null], "all alike"),
        ["RiskMonitorOptions.Tolerance"] = ([0.0], "none"),
        ["CertifierOptions.Reference"] = ([null], "no test"),
        ["ErrorBoundOptions.Reference"] = ([null], "no test"),
        ["ErrorBoundOptions.SubjectColumnName"] = ([null], "rows are exchangeable"),
        ["SelectionOptions.ErrorLimit"] = ([null, 0.0, -1.0, double.MaxValue], "bad is another label; a limit is any number"),
        ["SelectionOptions.BadColumnName"] = ([null], "bad follows from inference and truth"),
        ["Options.Progress"] = ([null], "no progress"),
        ["Options.Training"] = ([null], "those of the definition"),
        ["Options.Solver"] = ([null], "those of the definition"),
        ["Options.BatchSize"] = ([null], "that of the definition"),
    };

    /// <summary>Definitions are classes, options records; both are copied as they are.</summary>
    private static readonly MethodInfo Copy = typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!;

    private static IEnumerable<TestCaseData> Cases() =>
        from options in Valid
        from property in options.GetType().GetProperties().Where(p => p.CanWrite && p.SetMethod!.IsPublic)
        from value in OddValues(property, options)
        select new TestCaseData(options, property, value).SetArgDisplayNames(TypeName(options.GetType()), property.Name, Show(value));

    [TestCaseSource(nameof(Cases))]
    public void An_odd_value_is_refused_by_name_or_meant(object options, PropertyInfo property, object? value)
    {
        var changed = Copy.Invoke(options, null)!;
        property.SetValue(changed, value);
        var meant = IsMeant(options.GetType(), property, value);
        var failure = Failure(changed);
        if (meant)
        {
            Assert.That(failure, Is.Null);
            return;
        }

        Assert.That(failure, Is.InstanceOf<ArgumentException>(), $"{property.Name} = {Show(value)} is accepted, or fails in another way");
        Assert.That(failure!.Message, Does.Contain(property.Name));
        // A list is named by what is wrong in it.
        if (value is not null and not "" and not IEnumerable)
            Assert.That(failure.Message, Does.Contain(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)).And.Match("must|is not a"));
    }

    [Test]
    public void Every_options_type_is_tested()
    {
        var types = new[] { typeof(Certifier), typeof(FixedPointOptions), typeof(L2OCatalog), typeof(LodopabOptions) }.SelectMany(t => t.Assembly.GetExportedTypes())
            .Where(t => !t.IsAbstract && t.GetProperties().Any(p => p.CanWrite))
            .Where(t => t == typeof(CertifiedProperty) || t.IsSubclassOf(typeof(ModelDefinition)) || (t.GetMethod("<Clone>$") is not null && Array.Exists(["Options", "Policy", "Limits", "Level", "Model", "Geometry", "Search", "Halving"], end => t.Name.EndsWith(end, StringComparison.Ordinal))));
        Assert.That(Valid.Select(o => o.GetType()), Is.EquivalentTo(types));
    }

    [Test]
    public void The_valid_options_are_valid()
    {
        foreach (var options in Valid)
            Assert.That(Failure(options), Is.Null, TypeName(options.GetType()));
    }

    [TestCase("folder that does not exist/checkpoint")]
    [TestCase(" ")]
    [TestCase("a\0b")]
    public void A_checkpoint_that_cannot_be_written_is_refused_before_training(string path) =>
        Assert.That(() => new TrainingOptions { CheckpointPath = path }.Validate(), Throws.ArgumentException.With.Message.Contains(nameof(TrainingOptions.CheckpointPath)));

    [Test]
    public void A_checkpoint_with_too_long_a_name_is_refused_before_training() =>
        Assert.That(() => new TrainingOptions { CheckpointPath = new string('x', 300) }.Validate(), Throws.ArgumentException.With.Message.Contains(nameof(TrainingOptions.CheckpointPath)));

    private static IEnumerable<object?> OddValues(PropertyInfo property, object options)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(int))
            return [0, -1, int.MaxValue, int.MinValue, .. Null(property)];
        if (type == typeof(ulong))
            return [0ul, ulong.MaxValue];
        if (type == typeof(double))
            return [0.0, -1.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, .. Null(property)];
        if (type.IsEnum)
            return [Enum.ToObject(type, 99)];
        if (type == typeof(string))
            return ["", null];
        if (type == typeof(bool) || type == typeof(CancellationToken))
            return Null(property);
        if (property.GetValue(options) is IList list && list is not Array { Rank: > 1 } && list.Count > 0)
            return [null, Twice(list)];
        return [null];
    }

    private static IEnumerable<object?> Null(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) is null ? [] : [null];

    /// <summary>The first element, twice.</summary>
    private static Array Twice(IList list)
    {
        var twice = Array.CreateInstance(list[0]!.GetType(), 2);
        twice.SetValue(list[0], 0);
        twice.SetValue(list[0], 1);
        return twice;
    }

    private static bool IsMeant(Type type, PropertyInfo property, object? value)
    {
        return new[] { $"{type.Name}.{property.Name}", $"*.{property.Name}" }.Any(key => Meant.TryGetValue(key, out var meant) && meant.Values.Contains(value));
    }

    private static Exception? Failure(object options)
    {
        var validate = options.GetType().GetMethod("Validate", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, []);
        Assert.That(validate, Is.Not.Null, $"{TypeName(options.GetType())} has no Validate");
        try
        {
            validate!.Invoke(options, null);
            return null;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
    }

    private static string TypeName(Type type) => type.DeclaringType is { } outer ? $"{outer.Name}.{type.Name}" : type.Name;

    private static string Show(object? value) => value switch
    {
        null => "null",
        "" => "empty",
        Array array => $"{array.GetType().GetElementType()!.Name} twice",
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };
}
