using Microsoft.ML;
using XaiL2O.Examples;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>The patients and scans of CT's training protocol.</summary>
internal sealed class CtProtocolTests
{
    private const int Slices = 162;

    private static readonly MLContext Ml = new(1);

    [Test]
    public void Patients_have_one_purpose_and_enough_calibrate_for_limits_at_five_percent()
    {
        int[][] purposes = [CtPatients.Training, CtPatients.Validation, CtPatients.Calibration];
        Assert.That(purposes.SelectMany(p => p), Is.EquivalentTo(Enumerable.Range(1, CtPatients.Count)));
        // The largest of N values is a limit that a new patient exceeds in one of N + 1 cases.
        Assert.That(1.0 / (CtPatients.Calibration.Length + 1), Is.LessThanOrEqualTo(0.05));
        var of = Enumerable.Range(0, Slices).Select(CtPatients.Of).ToArray();
        Assert.That(of.Distinct(), Is.EquivalentTo(Enumerable.Range(1, CtPatients.Count)));
        // Those of which the shipped weights saw slices 40 to 161.
        Assert.That(of[40..].Distinct(), Is.SubsetOf(CtPatients.Training));
        Assert.That(CtPatients.Calibration.Select(p => of.Count(q => q == p)), Has.All.EqualTo(1));
    }

    [Test]
    public void Scans_of_an_epoch_are_the_same_whenever_they_are_made_and_others_in_other_epochs()
    {
        var (scans, again) = (new CtScans(Ml, 1), new CtScans(Ml, 1));
        var first = scans.Training(3, 12);
        Assert.That(again.Training(3, 12).SelectMany(s => s.Image.Concat(s.Measurements)), Is.EqualTo(first.SelectMany(s => s.Image.Concat(s.Measurements))));
        Assert.That(scans.Training(4, 12).Zip(first).Count(p => p.First.Image.AsSpan().SequenceEqual(p.Second.Image)), Is.Zero);
        Assert.That(new CtScans(Ml, 2).Training(3, 12).Zip(first).Count(p => p.First.Image.AsSpan().SequenceEqual(p.Second.Image)), Is.Zero);
        Assert.That(first.SelectMany(s => s.Image), Has.All.InRange(0, 1));
    }

    /// <summary>Uncut augmentation leaves pixels as they are: validation images are the middles of the frames, as the example's calibration slices.</summary>
    [Test]
    public void Validation_and_calibration_slices_are_the_middles_of_their_frames()
    {
        var middles = CtSlice.Calibration(Ml, 1).ToLookup(s => CtPatients.Of(s.Slice), s => s.Image);
        var calibration = new CtScans(Ml, 1).Calibration(0.015);
        Assert.That(calibration, Has.Length.EqualTo(CtPatients.Calibration.Length));
        foreach (var (patient, scan) in CtPatients.Calibration.Zip(calibration))
            if (middles[patient].FirstOrDefault() is { } middle)
                Assert.That(scan.Image, Is.EqualTo(middle).Within(1e-6f), $"patient {patient}");
        var validation = new CtScans(Ml, 1).Validation();
        Assert.That(validation.Select(s => s.Image.Sum()).Distinct().Count(), Is.EqualTo(5), "two patients have two slices");
        Assert.That(validation, Has.Length.EqualTo(30));
    }
}
