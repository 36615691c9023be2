using System.Globalization;

namespace XaiL2O.MLNet;

/// <summary>The handle by which a pipeline asks for the value of an option: <see cref="Trial.Value{T}"/>.</summary>
/// <typeparam name="T">Type of the option.</typeparam>
public sealed class SearchParameter<T> : SearchParameter
{
    private readonly Func<Random, double> sample;
    private readonly Func<double, bool> accepts;
    private readonly Func<double, T> decode;

    internal SearchParameter(string name, string description, bool isNumber, double? initial, Func<Random, double> sample, Func<double, bool> accepts, Func<double, T> decode)
        : base(name, description)
    {
        (IsNumber, Default) = (isNumber, initial);
        (this.sample, this.accepts, this.decode) = (sample, accepts, decode);
        if (initial is { } code && !accepts(code))
            throw new ArgumentOutOfRangeException(nameof(initial), code, $"The default {Format(code)} of '{name}' is out of range; it must lie {description}.");
    }

    internal override bool IsNumber { get; }

    internal override double? Default { get; }

    internal override double Sample(Random random) => sample(random);

    internal override bool Accepts(double code) => accepts(code);

    internal override string Format(double code) => IsNumber
        ? code.ToString(CultureInfo.InvariantCulture)
        : InvariantText.Of(decode(code));

    internal T Decode(double code) => decode(code);
}
