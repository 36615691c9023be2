namespace XaiL2O.Trainers;

/// <summary>The learned regularisers of <see cref="ImplicitReconstruction"/>.</summary>
public enum RegularizerKind
{
    /// <summary><see cref="PotentialRegularizer"/>: non-expansive by construction, the solve converges for all weights.</summary>
    Potential,

    /// <summary><see cref="ResidualRegularizer"/>: the source's network with bounded spectral norms; convergence is measured, not proved.</summary>
    Residual,

    /// <summary><see cref="AdaptiveRegularizer"/>: thresholds that follow the image; convergence is measured, not proved.</summary>
    Adaptive,
}
