namespace XaiL2O.Certifiers;

/// <summary>How the two differences at a pixel are added.</summary>
public enum TotalVariationKind
{
    /// <summary>Σ √(δ₁² + δ₂²): edges cost the same in every direction.</summary>
    Isotropic,

    /// <summary>Σ (|δ₁| + |δ₂|) = ‖∇x‖₁.</summary>
    Anisotropic,
}
