namespace XaiL2O.Trainers.Tests;

internal sealed class LibTorchLaws
{
    [Test]
    public void Library_loads() => Assert.That(LibTorch.EnsureLoaded, Throws.Nothing);

    [Test]
    public void Old_runtime_is_named_with_its_remedy()
    {
        var failure = new TypeInitializationException(
            "TorchSharp.torch",
            new DllNotFoundException("/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found"));
        Assert.That(LibTorch.Explain(failure), Does.Contain("libstdc++").And.Contain("GLIBCXX_3.4.32").And.Contain("Install").And.Contain("GCC 13"));
    }

    [Test]
    public void Missing_package_is_named() =>
        Assert.That(LibTorch.Explain(new DllNotFoundException("LibTorchSharp")), Does.Contain("TorchSharp-cpu").And.Contain("same version"));
}
