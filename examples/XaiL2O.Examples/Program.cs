using System.CommandLine;
using Spectre.Console;
using XaiL2O.Examples;
using XaiL2O.Trainers;

LibTorch.ReturnFreedBlocks();

// The child process that reloads a saved model; used by the examples themselves.
if (args is [ChainReload.Verb, var chain, var chainOutput])
    return ChainReload.Run(chain, chainOutput);

IExample[] examples =
[
    new EcgExample(), new DictionaryExample(), new CfmmExample(), new CertifyExample(), new CtExample(), new CtNoiseExample(), new ComposeExample(), new GuaranteesExample(), new AllocateExample(), new ReconcileExample(), new ExperimentExample(),
];

var root = new RootCommand("Examples of XaiL2O: learned optimisation models with certificates on every inference.");
foreach (var example in examples)
{
    var outOption = new Option<DirectoryInfo>("--out") { Description = $"Folder for what the example writes: summary.json, reports, models and figures (default artifacts/{example.Name}).", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine("artifacts", example.Name)) };
    var seedOption = new Option<int>("--seed") { Description = "Seed of all random draws.", DefaultValueFactory = _ => 1 };
    var quickOption = new Option<bool>("--quick") { Description = $"A small run for a first look and for tests, with the same checks. {example.QuickDescription}" };
    var fullOption = new Option<bool>("--full") { Description = example.FullDescription };
    var command = new Command(example.Name, example.Description) { outOption, seedOption, quickOption, fullOption };
    command.Validators.Add(result =>
    {
        if (result.GetValue(quickOption) && result.GetValue(fullOption))
            result.AddError("--quick and --full exclude each other.");
    });
    var trainOption = new Option<string>("--train") { Description = example.TrainDescription, DefaultValueFactory = _ => "" };
    if (example.TrainDescription is not null)
        command.Add(trainOption);
    var secondsOption = new Option<double?>("--seconds") { Description = example.SecondsDescription };
    if (example.SecondsDescription is not null)
        command.Add(secondsOption);
    command.SetAction(parse =>
    {
        var folder = parse.GetRequiredValue(outOption);
        var size = parse.GetValue(quickOption) ? RunSize.Quick : parse.GetValue(fullOption) ? RunSize.Full : RunSize.Usual;
        return ExampleHost.Run(folder, cancellation => example.Run(new ExampleContext(folder, parse.GetValue(seedOption), size, cancellation, example.TrainDescription is null ? null : parse.GetValue(trainOption), example.SecondsDescription is null ? null : parse.GetValue(secondsOption))));
    });
    root.Add(command);
}

var list = new Command("list", "Lists the examples.");
list.SetAction(_ =>
{
    var table = new Table().AddColumns("Example", "What it shows");
    foreach (var example in examples)
        table.AddRow(example.Name, example.Description);
    AnsiConsole.Write(table);
});
root.Add(list);

try
{
    return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (Exception e) when (e is LibTorchException or InvalidDataException or IOException or UnauthorizedAccessException)
{
    AnsiConsole.MarkupLineInterpolated($"[red]{e.Message}[/]");
    return 1;
}
