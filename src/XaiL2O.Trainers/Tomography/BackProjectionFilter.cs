namespace XaiL2O.Trainers;

/// <summary>The frequency response |f|·w(f) that filtered back-projection gives each projection; f relative to the Nyquist frequency.</summary>
public enum BackProjectionFilter
{
    /// <summary>w = 1 (Ram-Lak): sharp, amplifies noise.</summary>
    Ramp,

    /// <summary>w = sin(πf/2)/(πf/2) (Shepp and Logan 1974).</summary>
    SheppLogan,

    /// <summary>w = (1 + cos πf)/2: smooth.</summary>
    Hann,
}
