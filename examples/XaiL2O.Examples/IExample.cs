namespace XaiL2O.Examples;

/// <summary>One command of the examples' console application.</summary>
internal interface IExample
{
    string Name { get; }

    string Description { get; }

    /// <summary>What <c>--full</c> changes.</summary>
    string FullDescription { get; }

    void Run(ExampleContext context);
}
