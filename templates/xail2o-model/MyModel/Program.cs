using Microsoft.ML;

var ml = new MLContext(seed: 1);
var trained = Pipeline.Train(ml, Signal.Simulate(300, seed: 1), Signal.Simulate(200, seed: 2));

// Weights, certificates and all: one file, that any application loads which has the definition.
ml.Model.Save(trained, ml.Data.LoadFromEnumerable(Signal.Simulate(1, seed: 1)).Schema, "model.zip");
var model = new MLContext().Model.Load("model.zip", out _);

var test = Signal.Simulate(100, seed: 3);
var answers = Pipeline.Ask(ml, model, test);
Console.WriteLine($"Error {Pipeline.Error(answers.Select(a => a.Estimate), test.Select(r => r.Truth)):F3}, of the measured signals {Pipeline.Error(test.Select(r => r.Measured), test.Select(r => r.Truth)):F3}. "
    + $"{answers.Count(a => a.Trustworthy)} of {answers.Length} rows are trustworthy.");

// A sensor that has lost its contact.
foreach (ref var value in test[0].Measured.AsSpan(10, 20))
    value = Random.Shared.NextSingle() * 3;
var damaged = Pipeline.Ask(ml, model, test[..1]).Single();
Console.WriteLine($"A damaged row is trustworthy: {damaged.Trustworthy}. {damaged.Explanation}");
