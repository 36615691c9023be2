namespace XaiL2O.Certifiers;

/// <summary>Kinds of <see cref="ErrorMeasure"/>.</summary>
public enum ErrorMeasureKind
{
    /// <summary>‖x̂ − x‖₂; of two numbers the absolute difference.</summary>
    Absolute,

    /// <summary>‖x̂ − x‖₂/‖x‖₂; 100 times it is the percentage root-mean-square difference (PRD) of signals.</summary>
    Relative,

    /// <summary>Mean of (x̂ᵢ − xᵢ)².</summary>
    MeanSquared,

    /// <summary>Largest |x̂ᵢ − xᵢ|.</summary>
    Largest,

    /// <summary>Peak signal-to-noise ratio in dB: bounded from below, so that a row is at least as good.</summary>
    PeakSignalToNoise,

    /// <summary>A function of the user's.</summary>
    Own,
}
