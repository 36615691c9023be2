using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.Examples;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>Null where something must be given is refused at once, and named.</summary>
internal sealed class NullArgumentLaws
{
    private static readonly MLContext Ml = new(1);

    private static readonly ParallelBeamGeometry Geometry = new() { ImageSize = 16, Angles = 8, Bins = 16 };

    private static readonly Dictionary<Type, Func<object>> Samples = new()
    {
        [typeof(L2OCatalog)] = () => Ml.L2O(),
        [typeof(string)] = () => "Column",
        [typeof(float[,])] = () => Fixture.A,
        [typeof(ModelDefinition)] = () => new DictionaryDefinition { MeasurementMatrix = Fixture.A },
        [typeof(SignalRecoveryDefinition)] = () => new SignalRecoveryDefinition { MeasurementMatrix = Fixture.A },
        [typeof(DictionaryDefinition)] = () => new DictionaryDefinition { MeasurementMatrix = Fixture.A },
        [typeof(InpaintingDefinition)] = () => new InpaintingDefinition { MeasurementMatrix = Fixture.A },
        [typeof(CfmmTradeDefinition)] = () => new CfmmTradeDefinition { Network = CfmmSimulation.Network, Prices = [.. CfmmSimulation.Prices] },
        [typeof(ExpectedTradeDefinition)] = () => new ExpectedTradeDefinition { Network = CfmmSimulation.Network, Prices = [.. CfmmSimulation.Prices] },
        [typeof(PoolTradeDefinition)] = () => new PoolTradeDefinition { Network = ConformanceCases.Ticks },
        [typeof(ReconstructionDefinition)] = () => new BackProjection { Geometry = Geometry },
        [typeof(CfmmNetwork)] = () => CfmmSimulation.Network,
        [typeof(IReadOnlyList<double>)] = () => CfmmSimulation.Prices,
        [typeof(IReadOnlyList<VectorConstraint>)] = () => new[] { VectorConstraint.Simplex("Shares") },
        [typeof(ParallelBeamGeometry)] = () => Geometry,
        [typeof(ImplicitModelTrainer.Options)] = () => new ImplicitModelTrainer.Options(),
        [typeof(CertifiedProperty[])] = () => new[] { new CertifiedProperty("Sparsity") },
        [typeof(DensityRatioOptions)] = () => new DensityRatioOptions(new MLContext(1).BinaryClassification.Trainers.LbfgsLogisticRegression(), ["Features"]),
        [typeof(CertifierOptions)] = () => new CertifierOptions { Properties = [new CertifiedProperty("Sparsity")] },
        [typeof(ITransformer)] = () => Fixture.Model,
        [typeof(IDataView)] = () => Ml.Data.LoadFromEnumerable(Fixture.Rows(1, 3)),
        [typeof(DriftMonitor)] = () => new DriftMonitor(Fixture.Model.LastTransformer.Certifier),
        [typeof(OptionSpace)] = () => new OptionSpace(),
        [typeof(Func<Trial, IEstimator<ITransformer>>)] = () => (Trial _) => Ml.Transforms.CopyColumns("A", "B"),
    };

    private static IEnumerable<TestCaseData> Cases()
    {
        var nullability = new NullabilityInfoContext();
        foreach (var type in (Type[])[typeof(L2OCatalog), typeof(L2OCatalog.TrainersCatalog), typeof(L2OCatalogExtensions)])
        {
            foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).Where(m => !m.IsSpecialName))
            {
                var parameters = method.GetParameters();
                for (var i = 0; i < parameters.Length; i++)
                {
                    if (!parameters[i].ParameterType.IsValueType && nullability.Create(parameters[i]).WriteState == NullabilityState.NotNull)
                        yield return new TestCaseData(method, i).SetName($"{type.Name}.{method.Name}({string.Join(", ", parameters.Select(p => p.ParameterType.Name))}) without {parameters[i].Name}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void Every_method_of_the_catalogs_names_what_is_null(MethodInfo method, int index)
    {
        var call = method.IsGenericMethodDefinition ? method.MakeGenericMethod(typeof(Fixture.Row), typeof(Fixture.Output)) : method;
        var parameters = call.GetParameters();
        object?[] arguments = [.. parameters.Select((p, i) => i == index ? null : p.HasDefaultValue && p.ParameterType != typeof(string) ? p.DefaultValue : p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : Samples[p.ParameterType]())];
        object catalog = method.DeclaringType == typeof(L2OCatalog) ? Ml.L2O() : Ml.L2O().Trainers;
        var thrown = Assert.Throws<TargetInvocationException>(() => call.Invoke(catalog, arguments))!.InnerException!;
        Assert.That(thrown, Is.InstanceOf<ArgumentException>(), thrown.ToString());
        TestContext.Out.WriteLine(thrown.Message);
    }

    private sealed class Shares : ModelDefinition
    {
        public float[,] Library { get; init; } = null!;

        public float[,]? Start { get; init; }

        public override int DataSize => Library.GetLength(0);

        public override int InferenceSize => Library.GetLength(1);

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(Library)));
            model.Add(new SimplexTerm("Simplex", InferenceSize));
        }
    }

    /// <summary>Sizes and terms are computed from the properties of a definition, and would fail without saying which.</summary>
    [Test]
    public void A_property_of_a_definition_that_is_null_is_named()
    {
        Action[] uses =
        [
            () => Ml.L2O().Train(new Shares()),
            () => Ml.L2O().Train(new Shares(), "Measurements"),
            () => ModelCheck.Of(new Shares()),
        ];
        foreach (var use in uses)
            Assert.That(() => use(), Throws.ArgumentNullException.With.Message.Contains("Shares.Library is null"));
        Assert.That(() => Ml.L2O().Trainers.ImplicitDictionary(new DictionaryDefinition { MeasurementMatrix = null! }), Throws.ArgumentNullException.With.Message.Contains("MeasurementMatrix"));
        Assert.That(() => Ml.L2O().Trainers.CtReconstruction((ParallelBeamGeometry)null!), Throws.ArgumentNullException.With.Message.Contains("geometry"));
        Assert.That(() => Ml.L2O().Train(new Shares { Library = new float[,] { { 1, 0 }, { 0, 1 } } }), Throws.Nothing, "what may be null");
    }
}
