using System.Globalization;
using XaiL2O.Examples;
using XaiL2O.MLNet.Tests;

// The test runner does not come here. ChainReload starts this program to load a zip in a process that has seen nothing of the model, and a test to see how
// a process ends.
return args switch
{
    [ChainReload.Verb, var model, var output] => ChainReload.Run(model, output),
    [FreshProcessLaws.Verb, var folder] => FreshProcessLaws.Run(folder),
    [LeavingProcess.Verb, var work, var milliseconds] => LeavingProcess.Run(work, int.Parse(milliseconds, CultureInfo.InvariantCulture)),
    _ => 1,
};
