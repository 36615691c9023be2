using BenchmarkDotNet.Running;
using XaiL2O.Benchmarks;

// "certificates" simulates and measures certificates; anything else goes to BenchmarkDotNet.
if (args is ["certificates", ..])
    CertificateStudy.Run();
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
