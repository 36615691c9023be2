using Microsoft.ML;

namespace XaiL2O.MLNet;

/// <summary>What a pipeline is made from in one trial of an experiment.</summary>
public sealed class Trial
{
    internal Trial(int number, SampledOptions options, double resource, MLContext context, CancellationToken cancellationToken) =>
        (Number, Options, Resource, Context, CancellationToken) = (number, options, resource, context, cancellationToken);

    /// <summary>Number of the trial, from 0.</summary>
    public int Number { get; }

    /// <summary>Values of all options.</summary>
    public SampledOptions Options { get; }

    /// <summary>
    /// Share of the full effort that the tuner grants, in (0, 1], to be turned into epochs, rows or trees by the pipeline; always 1 with
    /// <see cref="RandomSearch"/>.
    /// </summary>
    public double Resource { get; }

    /// <summary>
    /// A context of the trial's own, with the experiment's seed and the device settings of the context that made the experiment. ML.NET's
    /// trainers made from it end at the deadline, as far as they look at it.
    /// </summary>
    public MLContext Context { get; }

    /// <summary>Fires at the deadline of the experiment and when it is cancelled. Hand it to whatever takes long.</summary>
    public CancellationToken CancellationToken { get; }

    /// <summary>The value of an option.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="parameter">The handle that the space gave for it.</param>
    /// <exception cref="ArgumentException">The handle is of another space.</exception>
    public T Value<T>(SearchParameter<T> parameter) => Options.Value(parameter);

    /// <summary>A whole number scaled by <see cref="Resource"/>, for instance of epochs; at least 1.</summary>
    /// <param name="full">The number at full effort.</param>
    public int Scaled(int full) => Math.Max(1, (int)Math.Round(full * Resource));
}
