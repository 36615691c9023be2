using System.Numerics.Tensors;

namespace XaiL2O.Certifiers;

/// <summary>How undecided a classifier is, from the probabilities of its classes.</summary>
internal abstract class ConfidenceFunction(string kind, ClassScores scores) : PropertyFunction
{
    public override string Cause => "an input between classes or unlike all of them: the classifier spreads its probability";

    public override string Requirement => scores == ClassScores.Probabilities
        ? $"{kind} takes probabilities, in [0, 1] and for all classes together 1, or one number in [0, 1]; are these logits, as networks give them? Then take {kind}({nameof(ClassScores)}.{nameof(ClassScores.Logits)})."
        : "Logits must be finite.";

    public override string Formula(string of) => $"{Measured}, of {(scores == ClassScores.Logits ? "the softmax of " : "")}{of}";

    protected abstract string Measured { get; }

    public override FunctionDescription Describe() => scores == ClassScores.Probabilities ? new(kind) : new(kind) { Numbers = { ["scores"] = (int)scores } };

    public override double Evaluate(ReadOnlySpan<double> first, ReadOnlySpan<double> second)
    {
        var small = first.Length <= 64;
        var probabilities = small ? stackalloc double[Math.Max(first.Length, 2)] : new double[first.Length];
        return PropertyMath.Probabilities(first, scores, probabilities) ? Math.Max(0, Of(probabilities[..Math.Max(first.Length, 2)])) : double.NaN;
    }

    protected abstract double Of(ReadOnlySpan<double> probabilities);

    /// <summary>What a description says of the scores; nothing where they are probabilities.</summary>
    public static ClassScores ScoresOf(FunctionDescription description) => description.Numbers.TryGetValue("scores", out var scores) ? (ClassScores)(int)scores : ClassScores.Probabilities;

    /// <summary>Refuses numbers that are no member.</summary>
    protected static ClassScores Defined(ClassScores scores) =>
        Enum.IsDefined(scores) ? scores : throw new ArgumentOutOfRangeException(nameof(scores), scores, $"{scores} is not a {nameof(ClassScores)}.");
}

/// <summary>Probability short of one-hot.</summary>
internal sealed class OneHotFunction(ClassScores scores) : ConfidenceFunction("ShortOfOneHot", Defined(scores))
{
    protected override string Measured => "1 − max pᵢ, what the largest probability lacks to 1";

    protected override double Of(ReadOnlySpan<double> probabilities) => 1 - TensorPrimitives.Max(probabilities);
}

/// <summary>How near the second class comes.</summary>
internal sealed class MarginFunction(ClassScores scores) : ConfidenceFunction("ShortOfMargin", Defined(scores))
{
    protected override string Measured => "1 − (p₁ − p₂), what the two largest probabilities lack to a difference of 1";

    protected override double Of(ReadOnlySpan<double> probabilities)
    {
        var (largest, next) = (double.NegativeInfinity, double.NegativeInfinity);
        foreach (var p in probabilities)
        {
            if (p > largest)
                (largest, next) = (p, largest);
            else if (p > next)
                next = p;
        }

        return 1 - (largest - next);
    }
}

/// <summary>Entropy of the classes.</summary>
internal sealed class EntropyFunction(ClassScores scores) : ConfidenceFunction("Entropy", Defined(scores))
{
    protected override string Measured => "entropy −Σ pᵢ ln pᵢ of the probabilities";

    protected override double Of(ReadOnlySpan<double> probabilities)
    {
        var sum = 0.0;
        foreach (var p in probabilities)
            sum -= p > 0 ? p * Math.Log(p) : 0;
        return sum;
    }
}
