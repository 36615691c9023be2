namespace XaiL2O.Certifiers.Tests;

/// <summary>Post-conditions as plain mathematics.</summary>
internal sealed class TrustTests
{
    private static Verdict Verdict(double value) =>
        new Certifier([new PropertyCertifier("A", new ValueLimits { WarnAbove = 1, FailAbove = 2 }, null, 0)]).Certify([value]);

    [Test]
    public void Policies_choose_by_label()
    {
        var policy = new TrustPolicy(TrustAction.Log, TrustAction.Drop);
        Assert.That(new[] { 0.5, 1.5, 2.5 }.Select(v => policy.For(Verdict(v).Label)), Is.EqualTo(new[] { TrustAction.Pass, TrustAction.Log, TrustAction.Drop }));
        Assert.That(policy.Drops, Is.True);
        Assert.That(() => new TrustPolicy((TrustAction)9).Validate(), Throws.ArgumentException.With.Message.Contains("OnWarning"));
    }

    [Test]
    public void The_exception_carries_the_certificates_and_says_why()
    {
        var error = new UntrustworthyInferenceException(Verdict(3), row: 7);
        Assert.That(error.Certificates.Single().Value, Is.EqualTo(3));
        Assert.That(error.Message, Does.StartWith("Row 7: ").And.Contain("A failed").And.Contain("above the given limit 2"));
        Assert.That(error.Row, Is.EqualTo(7));
        Assert.That(new UntrustworthyInferenceException(Verdict(1.5)).Message, Does.Contain("A warned"));
    }
}
