using Microsoft.ML;
using XaiL2O.Certifiers;
using XaiL2O.Data;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>The certificates of the implicit model, for any image of a scan whoever made it.</summary>
internal sealed class CtCertificates
{
    /// <summary>Prefixes of the columns with the implicit model's property values of a method's image and of the true one.</summary>
    private const string Judged = "Judged.";
    private const string Truth = "Truth.";

    /// <summary>Name, what it is, and how the table's columns and keys call it.</summary>
    public static readonly (string Name, string Description, string Heading, string Key, Func<CtResult, double> Value, Func<CtResult, string> Label)[] All =
    [
        ("Box", "distance of the image to [0, 1]ⁿ", "Box", "box", r => r.Box, r => r.BoxLabel),
        ("Fidelity", "‖Ax − d‖/‖d‖ of the image, weighted for noise proportional to d", "Fid.", "fidelity", r => r.Fidelity, r => r.FidelityLabel),
        ("Regularizer", "proximal residual of the trained regulariser", "Reg.", "regularizer", r => r.Regularizer, r => r.RegularizerLabel),
        ("Whiteness", "autocorrelation of what the image leaves of its scan, between neighbouring bins", "White", "whiteness", r => r.Whiteness, r => r.WhitenessLabel),
        ("LocalMisfit", "largest score of a change of the image at one place, in standard deviations of the noise", "Local", "local", r => r.LocalMisfit, r => r.LocalMisfitLabel),
        ("Convergence", "whether the solve ended at a fixed point", "Conv.", "convergence", r => r.Converged ? 0 : 1, r => r.ConvergenceLabel),
    ];

    private readonly MLContext ml;
    private readonly ImplicitModelTransformer model;

    private CtCertificates(MLContext ml, ImplicitModelTransformer model, CertifierTransformer certifier, ErrorBoundTransformer bound) =>
        (this.ml, this.model, Certifier, Bound) = (ml, model, certifier, bound);

    /// <summary>What the PSNR of nine of ten of the implicit model's images is at least.</summary>
    public ErrorBoundTransformer Bound { get; }

    public CertifierTransformer Certifier { get; }

    /// <summary>
    /// Calibrates on the truths of slices and on the model's inferences from their scans: of truths, and of good inferences as well, at most the
    /// nominal share fails. The data ball of the model is smaller than the noise, so that a limit from inferences alone fails every truth.
    /// </summary>
    public static CtCertificates Calibrate(MLContext ml, ImplicitModelTransformer model, CtSlice[] slices)
    {
        // Certificates and bound read other columns, each in a pass of its own.
        var rows = ExampleContext.Solved(ml, model.Append(model.PropertiesOf("Reconstruction", Judged)).Append(model.PropertiesOf("Image", Truth)), ml.Data.LoadFromEnumerable(slices));
        static CertifiedProperty Of(string name, double tolerance = 0) =>
            new(name, $"{Judged}{name}.Value", tolerance) { CalibrateOn = CalibrationSource.Both, TruthColumnName = $"{Truth}{name}.Value" };
        return new CtCertificates(ml, model, ml.L2O().Certify(
            Of("Box", 1e-4),
            Of("Fidelity"),
            // An image without content is as unusual as one with too much. 35 slices allow 2/36 in place of 5 %.
            Of("Regularizer") with { Sides = Sides.TwoSided, Policy = new LabelPolicy { PassProbability = 0.94, FailProbability = 0.06 } },
            Of("Whiteness"),
            Of("LocalMisfit"),
            CertifiedProperty.Convergence()).Fit(rows),
            ml.L2O().BoundError(new ErrorBoundOptions { OutputColumnName = "Reconstruction", TruthColumnName = "Image", Measure = ErrorMeasure.PeakSignalToNoise() }).Fit(rows));
    }

    /// <summary>Quality and certificates of finished images; nothing is reconstructed.</summary>
    public CtResult[] Judge(IEnumerable<CtImage> images)
    {
        var view = ml.Data.LoadFromEnumerable(images);
        var measured = ml.L2O().ImageQuality(CtSlice.ImageSize).Fit(view).Transform(view);
        return [.. ml.Data.CreateEnumerable<CtResult>(Bound.Transform(Certifier.Transform(model.PropertiesOf("Reconstruction", Judged).Transform(measured))), reuseRowObject: false)];
    }

    /// <summary>Shares in % of images whose certificates fail, in the order of <see cref="All"/>, and of those on which none fails.</summary>
    public static (double[] Failed, double Trustworthy) Shares(CtResult[] rows) =>
        ([.. All.Select(c => 100 * rows.Average(r => CtResult.Failed(c.Label(r)) ? 1.0 : 0))], 100 * rows.Average(r => r.Trustworthy ? 1.0 : 0));
}
