using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace XaiL2O.Trainers.Tests;

/// <summary>Checkpoints whose checksum is right and whose content no training wrote.</summary>
internal sealed class CheckpointLaws : TorchLaws
{
    private const int Size = 4;

    private sealed class Small : ModelDefinition
    {
        public override int DataSize => Size;

        public override int InferenceSize => Size;

        public override void Compose(ModelBuilder model)
        {
            model.Add(new LeastSquaresTerm("Fit", model.Identity));
            model.Add(new L1Term("L1", model.Identity), model.LearnedPositive("Tau", 0.1));
        }
    }

    [Test]
    public void A_checkpoint_that_no_training_wrote_is_refused_in_a_sentence([Values] OptimizerKind optimizer)
    {
        var folder = Directory.CreateTempSubdirectory("xail2o-");
        var path = Path.Combine(folder.FullName, "a.checkpoint");
        var (data, signals) = (Normal(1, 12, Size), Normal(2, 12, Size));
        var options = new TrainingOptions { Epochs = 1, BatchSize = 4, CheckpointPath = path, Optimizer = optimizer, WarmStart = true, CheckGradient = false };
        void Train()
        {
            using var model = new DefinedModel(new Small());
            ModelTrainer.Train(model, data, signals, options);
        }

        Train();
        var bytes = File.ReadAllBytes(path);
        var text = Encoding.UTF8.GetString(bytes);
        // Behind the line of the starting weights and its hash.
        var body = text.IndexOf("starting weights", StringComparison.Ordinal) + "starting weights=".Length + (2 * SHA256.HashSizeInBytes);
        Assert.That(body, Is.GreaterThan(100));
        var refused = 0;
        for (var at = body; at < bytes.Length - SHA256.HashSizeInBytes - sizeof(int); at += 7)
        {
            foreach (var value in (int[])[-1, int.MaxValue, 1000])
            {
                var hostile = bytes[..^SHA256.HashSizeInBytes];
                BinaryPrimitives.WriteInt32LittleEndian(hostile.AsSpan(at), value);
                File.WriteAllBytes(path, [.. hostile, .. SHA256.HashData(hostile)]);
                try
                {
                    Train();
                }
                catch (InvalidDataException e)
                {
                    Assert.That(e.Message, Does.Contain(path).And.Contain("elete it"), $"{value} at {at}");
                    refused++;
                }
            }
        }

        Assert.That(refused, Is.GreaterThan(5));
        folder.Delete(recursive: true);
    }
}
