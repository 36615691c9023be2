namespace XaiL2O.Trainers;

/// <summary>Filtered back-projection. Nothing is trained.</summary>
public sealed class BackProjection : ReconstructionDefinition
{
    /// <summary>The filter. Default <see cref="BackProjectionFilter.Hann"/>.</summary>
    public BackProjectionFilter Filter { get; init; } = BackProjectionFilter.Hann;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Check.Defined(Filter);
    }

    /// <inheritdoc/>
    public override void Compose(ModelBuilder model)
    {
        Measure(model);
        var (backProjector, scan) = (BackProjector(model, Filter), Scan(model));
        model.SolveWith(() => new ExplicitMap(d => backProjector.Apply(scan.Of(d))));
    }
}
