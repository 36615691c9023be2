namespace XaiL2O.Examples;

/// <summary>Decisions under constraints from predictions: a flexible load on real prices, and the shortest paths of a public generator.</summary>
internal sealed class AllocateExample : IExample
{
    public string Name => "allocate";

    public string Description => "Decisions under hard constraints: a load that takes energy when it is cheap, by imitation, by forecasts and by training on the decision's value.";

    public string FullDescription => "50 seeds in place of ten, forests of 400 trees in place of 150, 100 epochs in place of 30.";

    public string QuickDescription => "Two sizes of shortest paths with three seeds in place of eight with ten; forests of 20 trees in place of 150, 5 epochs in place of 30.";

    public void Run(ExampleContext context)
    {
        var summary = new Dictionary<string, object>();
        new FlexibleLoad(context).Measure(summary);
        new ShortestPaths(context).Measure(summary);
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }
}
