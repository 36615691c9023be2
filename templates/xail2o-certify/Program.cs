using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

var ml = new MLContext(seed: 1);
var rows = ml.Data.LoadFromTextFile<Reading>(Path.Combine(AppContext.BaseDirectory, "machines.csv"), separatorChar: ',', hasHeader: true);

// Three sets: to train on, to learn from what is usual (calibration), and to test on.
var split = ml.Data.TrainTestSplit(rows, testFraction: 0.6);
var (trainingRows, others) = (split.TrainSet, ml.Data.TrainTestSplit(split.TestSet, testFraction: 0.4));
var (calibrationRows, testRows) = (others.TrainSet, others.TestSet);

var classifier = ml.Transforms.Conversion.MapValueToKey("Label", nameof(Reading.State))
    .Append(ml.Transforms.NormalizeMeanVariance("Scaled", nameof(Reading.Features)))
    .Append(ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "Scaled"))
    .Append(ml.Transforms.Conversion.MapKeyToValue(nameof(Answer.Predicted), "PredictedLabel"))
    .Fit(trainingRows);

// Two questions of every row: is the classifier sure, and is the row like those that it learned from? Of good rows at most 5 % fail, by both together.
var known = trainingRows.GetColumn<float[]>(nameof(Reading.Features)).ToArray();
var certifier = ml.L2O().Certify(new CertifierOptions
{
    Properties =
    [
        CertifiedProperty.Of("Confidence", PropertyFunction.ShortOfOneHot(), "Score"),
        CertifiedProperty.Of("Distance", PropertyFunction.NeighbourDistance(known), nameof(Reading.Features)),
    ],
    Joint = new JointPolicy { Rule = JointRule.Holm, FamilyLevel = 0.05 },
}).Fit(classifier.Transform(calibrationRows));

// Training, certificates and all: one file, that any application loads which references XaiL2O.MLNet.
ml.Model.Save(classifier.Append(certifier), rows.Schema, "model.zip");
var model = new MLContext().Model.Load("model.zip", out _);

var answers = Ask(testRows);
var (trusted, doubted) = (answers.Where(a => a.Trustworthy).ToArray(), answers.Where(a => !a.Trustworthy).ToArray());
Console.WriteLine($"{answers.Length} test rows: {trusted.Length} trustworthy, {Right(trusted)} of them right; {doubted.Length} not trustworthy, {Right(doubted)} of them right.");

// A machine that nobody has seen: cold, and shaking.
var strange = Ask(ml.Data.LoadFromEnumerable([new Reading { Features = [9, 5, 4, 70] }])).Single();
Console.WriteLine($"A strange row: {strange.Predicted}, trustworthy: {strange.Trustworthy}. {strange.Explanation}");

Answer[] Ask(IDataView view) => [.. ml.Data.CreateEnumerable<Answer>(model.Transform(view), reuseRowObject: false)];

static int Right(Answer[] answers) => answers.Count(a => a.Predicted == a.State);
