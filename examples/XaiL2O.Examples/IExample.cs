namespace XaiL2O.Examples;

/// <summary>One command of the examples' console application.</summary>
internal interface IExample
{
    string Name { get; }

    string Description { get; }

    /// <summary>What <c>--full</c> changes.</summary>
    string FullDescription { get; }

    /// <summary>What <c>--quick</c> changes.</summary>
    string QuickDescription { get; }

    /// <summary>What <c>--train</c> does; null where the example trains anyway.</summary>
    string? TrainDescription => null;

    /// <summary>What <c>--seconds</c> limits; null where it limits nothing.</summary>
    string? SecondsDescription => null;

    void Run(ExampleContext context);
}
