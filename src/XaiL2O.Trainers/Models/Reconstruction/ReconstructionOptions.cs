namespace XaiL2O.Trainers;

/// <summary>The shape of <see cref="ImplicitReconstruction"/>.</summary>
public sealed record ReconstructionOptions
{
    /// <summary>C, the channels of the learned transform K; at least 1. Default 8; 28 in the source.</summary>
    public int Channels { get; init; } = 8;

    /// <summary>Rows and columns of K's kernels, odd. Default 5; 3 in the source.</summary>
    public int TransformKernel { get; init; } = 5;

    /// <summary>Which learned regulariser. Default <see cref="RegularizerKind.Potential"/>.</summary>
    public RegularizerKind Regularizer { get; init; } = RegularizerKind.Potential;

    /// <summary>H, filters of each step of the potential regulariser and of the adaptive one; at least 1. Default 24.</summary>
    public int Hidden { get; init; } = 24;

    /// <summary>Rows and columns of the regulariser's kernels, odd. Default 5.</summary>
    public int Kernel { get; init; } = 5;

    /// <summary>Steps, blocks or inner layers of the regulariser; at least 1. Default 2.</summary>
    public int Stages { get; init; } = 2;

    /// <summary>
    /// The largest concavity μ of the potential and the adaptive regulariser, in [0, 1); 0 keeps the potential one convex and its solve provably
    /// convergent. Default 0.
    /// </summary>
    public double Concavity { get; init; }

    /// <summary>Channels of the adaptive regulariser's network, at least 1. Default 24.</summary>
    public int Context { get; init; } = 24;

    /// <summary>Spectral norm at which the convolutions of the residual network are kept; positive. Default 0.3.</summary>
    public double SpectralNorm { get; init; } = 0.3;

    /// <summary>δ at the start of training, relative to ‖d‖; positive. Default 0.015.</summary>
    public double InitialRadius { get; init; } = 0.015;

    /// <summary>η of the data ball, see <see cref="FidelityTerm.NoiseFloor"/>; positive. Null, the default, for noise that is the same at every beam.</summary>
    public double? NoiseFloor { get; init; }

    /// <summary>
    /// Standard deviation of the noise relative to what a beam measures; positive. It is the unit of <see cref="LocalMisfitTerm"/> and changes no
    /// image. Default 0.015, that of the source's experiment.
    /// </summary>
    public double NoiseLevel { get; init; } = 0.015;

    /// <summary>
    /// Where the noise level of a scan comes from. Default <see cref="NoiseSource.Fixed"/>: the data ball has the trained radius, whatever the noise. Otherwise it has a radius of
    /// <see cref="RadiusPerNoise"/> times the noise level, the trained one has no part in it, and the property values <c>Fidelity</c> and <c>LocalMisfit</c> are relative to the noise level. The weights are
    /// the same for all, so that a trained model takes another source by <c>WithDefinition</c>.
    /// </summary>
    public NoiseSource Noise { get; init; }

    /// <summary>
    /// Radius of the data ball relative to the noise level of the scan, where that has one of its own; positive. A true image is at about 1, further out where the level is underestimated.
    /// Default 1.3, which contained 95 % of true chest slices at 0.5 % noise and all at 1 to 3 %.
    /// </summary>
    public double RadiusPerNoise { get; init; } = 1.3;

    /// <summary>
    /// μ of a soft ball at the start of training, where the scan has a noise level of its own; positive. The weight that is the logarithm of the radius elsewhere is trained in its place, μ being in
    /// proportion to it. The objective has the misfit ½·μ·level·Σ rᵢ²/σᵢ² in the place of the constraint, beyond the radius continued
    /// linearly: images are pulled towards their data inside the ball too, and a scan that no image explains has a solution, outside. (The factor level is there because the learned function grows
    /// linearly with the contrast of the image.) Null, the default, for the constraint. With the constraint alone images lie on the surface of the ball, too smooth where it contains the truth.
    /// </summary>
    public double? Misfit { get; init; }

    /// <summary>
    /// κ of the preconditioner (I + κAᵀA)⁻¹ of the step in x, at least 0; 0 for plain linearised ADMM, which needs no inverse of a matrix as
    /// large as the scan has beams, but some twenty times the iterations. Default 10.
    /// </summary>
    public double Preconditioning { get; init; } = 10;

    /// <summary>
    /// Weight, beside the mean squared error of training, of max(0, log (1 + t)·r(x)/r(x + t(b − x))), averaged over t = ¼ and 1, with r the proximal
    /// residual, x the inference and b the back-projection: small where r grows in proportion from inferences to what noise and few angles make of
    /// them. At least 0. Default 0; then nothing in training asks r to be large on wrong images, and its certificate may pass them. The idea is that
    /// of adversarial regularisers (Lunz, Öktem and Schönlieb 2018, arXiv 1805.11572).
    /// </summary>
    public double Separation { get; init; }

    /// <summary>Where solves begin. Default <see cref="SolveStart.Zero"/>.</summary>
    public SolveStart Start { get; init; }

    /// <summary>Seed of the weights at the start of training.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Whole(Channels, 1, 4096);
        Check.Odd(TransformKernel);
        Check.Whole(Hidden, 1, 4096);
        Check.Odd(Kernel);
        Check.Whole(Stages, 1, 100);
        Check.Within(Concavity, 0, 0.99);
        Check.Whole(Context, 1, 4096);
        Check.Positive(SpectralNorm);
        Check.PositiveIfGiven(NoiseFloor);
        Check.Positive(InitialRadius);
        Check.Positive(NoiseLevel);
        Check.Positive(RadiusPerNoise);
        Check.PositiveIfGiven(Misfit);
        Check.Defined(Noise);
        Check.AtLeast(Preconditioning, 0);
        Check.AtLeast(Separation, 0);
        Check.Defined(Regularizer);
        Check.Defined(Start);
    }
}
