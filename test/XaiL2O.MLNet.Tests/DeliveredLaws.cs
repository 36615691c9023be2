using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet.Tests;

/// <summary>What is judged is what is delivered; and what did not converge, or is not true, fails whatever the calibration rows did.</summary>
internal sealed class DeliveredLaws
{
    private const int Size = 6;
    private static readonly MLContext Ml = new(1);

    /// <summary>min ½‖0.001x − d‖² over x ≥ 0: inferences are a thousand times larger than measurements.</summary>
    public sealed class Amplifier : ModelDefinition
    {
        public override int DataSize => Size;

        public override int InferenceSize => Size;

        public override void Compose(ModelBuilder model)
        {
            var A = new float[Size, Size];
            for (var i = 0; i < Size; i++)
                A[i, i] = 1e-3f;
            model.Add(new LeastSquaresTerm("Fidelity", model.Matrix(A)));
            model.Add(new NonnegativeTerm("Nonnegative", Size));
        }

        public override TorchSharp.torch.Tensor Scale(TorchSharp.torch.Tensor data) => data.norm(1, true).clamp_min(1e-12);
    }

    private sealed class Row
    {
        [VectorType(Size)]
        public float[] Measurements { get; set; } = [];
    }

    private sealed class Solved
    {
        public bool Converged { get; set; }

        public bool Flag { get; set; }

        public double Residual { get; set; }
    }

    private static readonly float[] Extremes = [3e38f, -3e38f, float.MaxValue, 1e30f, 1e-30f, float.Epsilon, 0, float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    /// <summary>Vectors of one extreme, of an extreme in one place, and of extremes in turn.</summary>
    private static IEnumerable<float[]> ExtremeVectors(int size, float[] usual) =>
    [
        .. Extremes.Select(e => Enumerable.Repeat(e, size).ToArray()),
        .. Extremes.Select(e => usual.Select((v, i) => i == size / 2 ? e : v).ToArray()),
        .. Extremes.Select((e, k) => Enumerable.Range(0, size).Select(i => i % 2 == 0 ? e : Extremes[(k + 1) % Extremes.Length]).ToArray()),
    ];

    private static void DeliversNothingOddAsTrustworthy(ITransformer model, IDataView calibration, IDataView extremes, string estimate)
    {
        var certifier = Ml.L2O().Certify(new CertifiedProperty("Fidelity", Tolerance: 1e-2), CertifiedProperty.Convergence()).Fit(model.Transform(calibration));
        var judged = certifier.Transform(model.Transform(extremes));
        var estimates = judged.GetColumn<float[]>(estimate).ToArray();
        var (converged, residual, trustworthy) = (judged.GetColumn<bool>("Converged").ToArray(), judged.GetColumn<double>("Residual").ToArray(), judged.GetColumn<bool>("Trustworthy").ToArray());
        string[] names = [.. judged.Schema.Where(c => !c.IsHidden && c.Name.EndsWith(".Value", StringComparison.Ordinal) && c.Name != "Convergence.Value").Select(c => c.Name)];
        var values = names.Select(name => judged.GetColumn<double>(name).ToArray()).ToArray();
        var odd = 0;
        for (var i = 0; i < estimates.Length; i++)
        {
            if (Array.TrueForAll(estimates[i], float.IsFinite))
                continue;
            odd++;
            Assert.That(estimates[i], Is.All.NaN, $"row {i}");
            Assert.That((converged[i], trustworthy[i]), Is.EqualTo((false, false)), $"row {i}");
            Assert.That(residual[i], Is.NaN, $"row {i}");
            foreach (var (value, name) in values.Zip(names))
                Assert.That(value[i], Is.NaN, $"{name}, row {i}");
        }

        Assert.That(odd, Is.GreaterThanOrEqualTo(15));
        // A flag of convergence never stands beside a value that is not a number.
        for (var i = 0; i < estimates.Length; i++)
            Assert.That(converged[i] && values.Any(v => double.IsNaN(v[i])) && residual[i] > 0, Is.False, $"row {i}");
    }

    [Test]
    public void Solutions_that_single_precision_cannot_hold_fail_every_certificate()
    {
        var model = Ml.L2O().Train(new Amplifier()).Fit(Ml.Data.LoadFromEnumerable(new[] { new Row { Measurements = new float[Size] } }));
        var random = new Random(3);
        Row[] usual = [.. Enumerable.Range(0, 40).Select(_ => new Row { Measurements = [.. Enumerable.Range(0, Size).Select(_ => (float)random.NextDouble())] })];
        DeliversNothingOddAsTrustworthy(
            model, Ml.Data.LoadFromEnumerable(usual), Ml.Data.LoadFromEnumerable(ExtremeVectors(Size, usual[0].Measurements).Select(d => new Row { Measurements = d })), "Estimate");
        var large = model.Transform(Ml.Data.LoadFromEnumerable(new[] { new Row { Measurements = [3e38f, 3e38f, 3e38f, 3e38f, 3e38f, 3e38f] } }));
        Assert.That(large.GetColumn<bool>("Converged").Single(), Is.False);
        Assert.That(large.GetColumn<double>("Fidelity.Value").Single(), Is.NaN);
    }

    [Test]
    public void Extreme_measurements_of_a_dictionary_model_deliver_nothing_odd_as_trustworthy()
    {
        var usual = Fixture.Rows(3, 60);
        DeliversNothingOddAsTrustworthy(
            Fixture.Model.First(),
            Ml.Data.LoadFromEnumerable(usual),
            Ml.Data.LoadFromEnumerable(ExtremeVectors(Fixture.M, usual[0].Measurements).Select(d => new Fixture.Row { Measurements = d })),
            "Estimate");
    }

    private static IDataView View(int count, Func<int, bool> converged) =>
        Ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Solved { Converged = converged(i), Flag = converged(i), Residual = converged(i) ? 1e-5 : 0.5 }).ToArray());

    [Test]
    public void A_row_that_did_not_converge_fails_however_many_calibration_rows_did_not()
    {
        foreach (var unconverged in new[] { 0, 1, 10, 39, 40 })
        {
            var model = Ml.L2O().Certify(CertifiedProperty.Convergence()).Fit(View(40, i => i >= unconverged));
            var judged = model.Transform(View(20, i => i % 2 == 0));
            Assert.That(judged.GetColumn<string>("Convergence.Label"), Is.EqualTo(Enumerable.Range(0, 20).Select(i => i % 2 == 0 ? "Pass" : "Fail")));
            Assert.That(judged.GetColumn<double>("JointPValue"), Is.All.NaN);
            Assert.That(model.Certifier.Properties[0].Limits!.FailAbove, Is.Zero);
        }

        // A tolerance is no limit: this is what calibrated residuals let pass.
        var calibrated = Ml.L2O().Certify(new CertifiedProperty("Convergence", "Residual", Tolerance: 1e-4)).Fit(View(40, i => i >= 4));
        Assert.That(calibrated.Transform(View(1, _ => false)).GetColumn<string>("Convergence.Label"), Is.All.EqualTo("Pass"));
        var limited = Ml.L2O().Certify(new CertifiedProperty("Convergence", "Residual") { Limits = new ValueLimits { FailAbove = 1e-4 } }).Fit(View(40, i => i >= 4));
        Assert.That(limited.Transform(View(1, _ => false)).GetColumn<string>("Convergence.Label"), Is.All.EqualTo("Fail"));
    }

    [Test]
    public void A_boolean_column_is_a_requirement_unless_its_own_levels_are_given()
    {
        var model = Ml.L2O().Certify(new CertifiedProperty("Holds", "Flag")).Fit(View(40, i => i >= 10));
        Assert.That(model.Transform(View(1, _ => false)).GetColumn<bool>("Trustworthy"), Is.All.False);
        Assert.That(model.Transform(View(1, _ => true)).GetColumn<bool>("Trustworthy"), Is.All.True);
        var calibrated = Ml.L2O().Certify(new CertifiedProperty("Holds", "Flag") { Policy = new LabelPolicy() }).Fit(View(40, i => i >= 10));
        Assert.That(calibrated.Transform(View(1, _ => false)).GetColumn<bool>("Trustworthy"), Is.All.True);
    }

    [Test]
    public void A_column_is_certified_as_finite()
    {
        var rows = Ml.Data.LoadFromEnumerable(Extremes.Select(e => new Row { Measurements = [1, 2, e, 0, 0, 0] }).ToArray());
        var model = Ml.L2O().Certify(CertifiedProperty.Finite("Measurements")).Fit(rows);
        using var stream = new MemoryStream();
        Ml.Model.Save(model, rows.Schema, stream);
        foreach (var transformer in (ITransformer[])[model, new MLContext().Model.Load(new MemoryStream(stream.ToArray()), out _)])
        {
            Assert.That(transformer.Transform(rows).GetColumn<bool>("Trustworthy"), Is.EqualTo(Extremes.Select(float.IsFinite)));
            Assert.That(transformer.Transform(rows).GetColumn<string>("Explanation").Last(), Does.Contain("Usual cause: an input that is not finite"));
        }
    }

    [Test]
    public void Certificates_read_from_columns_know_which_come_from_limits()
    {
        var rows = View(40, i => i >= 10);
        var model = Ml.L2O().Certify(new CertifiedProperty("Residual.", "Residual"), CertifiedProperty.Convergence()).Append(Ml.L2O().RequireTrust(TrustAction.Pass, TrustAction.Throw)).Fit(rows);
        var error = Assert.Throws<UntrustworthyInferenceException>(() => _ = model.Transform(View(1, _ => false)).GetColumn<bool>("Trustworthy").ToArray());
        Assert.That(error!.Certificates.Select(c => c.ByLimit), Is.EqualTo(new[] { false, true }));
        Assert.That(new Verdict(error.Certificates).JointPValue, Is.EqualTo(error.Certificates[0].PValue));
    }
}
