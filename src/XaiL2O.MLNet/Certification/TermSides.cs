using XaiL2O.Certifiers;
using XaiL2O.Trainers;

namespace XaiL2O.MLNet;

/// <summary>
/// Which property values of a term are unusual. Norms and energies are positive for every real row, so a value far below the calibrated ones
/// means that the row is empty: a sensor that is off, an inference that collapsed. Violations of constraints and of measurements have no such
/// side, since 0 is perfect.
/// </summary>
internal static class TermSides
{
    public static Sides Of(Term? term) => term is L1Term or GroupL1Term or SquaredL2Term ? Sides.TwoSided : Sides.Upper;
}
