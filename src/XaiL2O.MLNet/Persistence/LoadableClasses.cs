using Microsoft.ML;
using XaiL2O.MLNet;

// The loader's return type must be exactly ITransformer; ML.NET finds it by the signature in the model header.
[assembly: LoadableClass(typeof(ITransformer), typeof(ImplicitModelTransformer), null, typeof(SignatureLoadModel), "Implicit model", ImplicitModelTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(PropertyTransformer), null, typeof(SignatureLoadModel), "Property values of a model", PropertyTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(CertifierTransformer), null, typeof(SignatureLoadModel), "Certifier", CertifierTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(RequireTrustTransformer), null, typeof(SignatureLoadModel), "Post-condition on certificates", RequireTrustTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ErrorBoundTransformer), null, typeof(SignatureLoadModel), "Error bound", ErrorBoundTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(ComponentBoundTransformer), null, typeof(SignatureLoadModel), "Component bound", ComponentBoundTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(DensityRatioTransformer), null, typeof(SignatureLoadModel), "Density ratio", DensityRatioTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(SelectionTransformer), null, typeof(SignatureLoadModel), "Selection", SelectionTransformer.LoaderSignature)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.Dictionary)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.Trades)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.Reconstruction)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.ReconstructionProperties)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.Composed)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.Scan)]
[assembly: LoadableClass(typeof(ITransformer), typeof(FormerFormats), null, typeof(SignatureLoadModel), "Former format", FormerFormats.ImageQuality)]
