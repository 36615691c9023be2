using System.Runtime.CompilerServices;
using Microsoft.ML;
using XaiL2O.Data;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: LoadableClass(typeof(ITransformer), typeof(ScanTransformer), null, typeof(SignatureLoadModel), "Simulated CT scan", ScanTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ImageQualityTransformer), null, typeof(SignatureLoadModel), "Image quality", ImageQualityTransformer.LoaderSignature)]
