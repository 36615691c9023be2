namespace XaiL2O.Certifiers.Tests;

/// <summary>Values made on first use.</summary>
internal sealed class OnceLaws
{
    [Test]
    public void A_failure_is_not_remembered()
    {
        var tries = 0;
        var once = new Once<int>(() => ++tries < 3 ? throw new InsufficientMemoryException() : 7);
        for (var i = 0; i < 2; i++)
            Assert.That(() => once.Value, Throws.InstanceOf<InsufficientMemoryException>());
        Assert.That(once.Value, Is.EqualTo(7));
        Assert.That(once.Value, Is.EqualTo(7));
        Assert.That(tries, Is.EqualTo(3));
    }

    [Test]
    public void Many_threads_get_one_value()
    {
        var made = 0;
        var once = new Once<object>(() =>
        {
            Thread.Sleep(20);
            Interlocked.Increment(ref made);
            return new object();
        });
        var values = new object[16];
        Parallel.For(0, values.Length, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => values[i] = once.Value);
        Assert.That(made, Is.EqualTo(1));
        Assert.That(values, Is.All.SameAs(values[0]));
    }
}
