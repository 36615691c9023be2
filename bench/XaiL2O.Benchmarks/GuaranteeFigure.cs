using System.Globalization;

namespace XaiL2O.Benchmarks;

/// <summary>What a guarantee promises and what a simulation measured.</summary>
/// <param name="Name">The guarantee and the data.</param>
/// <param name="Promise">The mean is at most this.</param>
/// <param name="Measured">Mean over repetitions.</param>
/// <param name="StandardError">Of the mean.</param>
/// <param name="Beside">What the promise costs, as words.</param>
internal sealed record GuaranteeFigure(string Name, double Promise, double Measured, double StandardError, string Beside)
{
    /// <summary>Whether the mean is within three standard errors of the promise, or below it.</summary>
    public bool Holds => Measured <= Promise + (3 * StandardError) + 1e-12;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Holds ? "holds" : "FAILS")}: {Name}: {Measured:0.0000} ± {StandardError:0.0000}, promised at most {Promise:0.0000}{(Beside.Length == 0 ? "" : ", " + Beside)}");
}
