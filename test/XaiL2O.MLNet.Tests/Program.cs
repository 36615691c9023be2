using XaiL2O.Examples;

// The test runner does not come here; ChainReload starts this program to load a zip in a process that has seen nothing of the model.
return args is [ChainReload.Verb, var model, var output] ? ChainReload.Run(model, output) : 1;
