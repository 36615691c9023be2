namespace XaiL2O.Trainers;

/// <summary>The shape of <see cref="FeasibilityReconstruction"/>.</summary>
public sealed record FeasibilityOptions
{
    /// <summary>C, channels between the convolutions; at least 1. Default 44, as in the source.</summary>
    public int Channels { get; init; } = 44;

    /// <summary>Rows and columns of the kernels, odd. Default 5, as in the source.</summary>
    public int Kernel { get; init; } = 5;

    /// <summary>Step of the gradient part relative to its limit, in (0, 2). Default 1.99, as in the source.</summary>
    public double Relaxation { get; init; } = 1.99;

    /// <summary>Where solves begin. Default <see cref="SolveStart.Zero"/>.</summary>
    public SolveStart Start { get; init; }

    /// <summary>Seed of the weights at the start of training.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Throws unless every option is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range; the message names it.</exception>
    public void Validate()
    {
        Check.Whole(Channels, 1, 4096);
        Check.Odd(Kernel);
        Check.Within(Relaxation, 0.01, 1.99);
        Check.Defined(Start);
    }
}
