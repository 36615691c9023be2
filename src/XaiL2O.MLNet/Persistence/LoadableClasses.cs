using Microsoft.ML;
using XaiL2O.MLNet;

// The loader's return type must be exactly ITransformer; ML.NET finds it by the signature in the model header.
[assembly: LoadableClass(typeof(ITransformer), typeof(ImplicitDictionaryTransformer), null, typeof(SignatureLoadModel), "Implicit dictionary model", ImplicitDictionaryTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(CertifierTransformer), null, typeof(SignatureLoadModel), "Certifier", CertifierTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(RequireTrustTransformer), null, typeof(SignatureLoadModel), "Post-condition on certificates", RequireTrustTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(CfmmTradeTransformer), null, typeof(SignatureLoadModel), "Trades on CFMM networks", CfmmTradeTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(CtReconstructionTransformer), null, typeof(SignatureLoadModel), "CT reconstruction", CtReconstructionTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(CtPropertyTransformer), null, typeof(SignatureLoadModel), "CT property values", CtPropertyTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ScanTransformer), null, typeof(SignatureLoadModel), "Simulated CT scan", ScanTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ImageQualityTransformer), null, typeof(SignatureLoadModel), "Image quality", ImageQualityTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ComposedModelTransformer), null, typeof(SignatureLoadModel), "Composed model", ComposedModelTransformer.LoaderSignature)]
