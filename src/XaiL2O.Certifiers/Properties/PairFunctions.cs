using System.Globalization;

namespace XaiL2O.Certifiers;

/// <summary>‖Ax − d‖/‖d‖.</summary>
internal sealed class RelativeErrorFunction(DenseMatrix? measurement) : PropertyFunction
{
    public override int Arity => 2;

    public override string Cause => "measurements that no inference of this model explains: a damaged or missing measurement, more noise than assumed, or a solve that did not converge";

    public override string Formula(string of) => $"relative error ‖Ax − d‖/‖d‖ of {of}";

    public override (int? First, int? Second) Sizes => (measurement?.Columns, measurement?.Rows);

    public override FunctionDescription Describe() => BuiltInFunctions.With(measurement, new("RelativeError"));

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        if (measurement is null)
            return PropertyMath.RelativeError(first, second);
        using var room = new Scratch(measurement.Rows);
        measurement.Multiply(first, room.Span);
        return PropertyMath.RelativeError(room.Span, second);
    }
}

/// <summary>‖x − y‖.</summary>
/// <param name="kind">Its name in a file.</param>
/// <param name="formula">What it computes of <c>{0}</c>.</param>
/// <param name="cause">What usually makes it large.</param>
internal sealed class ResidualFunction(string kind, string formula, string cause) : PropertyFunction
{
    public override int Arity => 2;

    public override string Cause => cause;

    public override string Formula(string of) => string.Format(CultureInfo.InvariantCulture, formula, of);

    public override FunctionDescription Describe() => new(kind);

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second) => PropertyMath.Distance(first, second);
}
