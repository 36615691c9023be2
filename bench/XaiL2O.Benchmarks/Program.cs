using BenchmarkDotNet.Running;
using XaiL2O.Benchmarks;

// "certificates" simulates and measures certificates, "guarantees" simulates bounds and selections, "dictionary" solver options and gradients; anything else goes to BenchmarkDotNet.
if (args is ["certificates", ..])
    CertificateStudy.Run();
else if (args is ["guarantees", ..])
    GuaranteeStudy.Run();
else if (args is ["dictionary", ..])
    DictionaryStudy.Run();
else
    BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args);
