using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace XaiL2O.MLNet;

/// <summary>
/// A view that a transformer made of another. As an <see cref="IDataTransform"/> it shows ML.NET where its rows come from: without that
/// <c>ConvertToOnnx</c> takes the outputs of our transformers for inputs of the whole model and writes a graph that only copies them. A view that cannot
/// write itself as ONNX makes it refuse, as it refuses custom mappings.
/// </summary>
internal interface ITransformedView : IDataTransform
{
    void ICanSaveModel.Save(ModelSaveContext ctx) =>
        throw new NotSupportedException("Only transformers are saved, not views: save the fitted model by MLContext.Model.Save.");
}
