using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.MLNet;

namespace XaiL2O.Data;

/// <summary>An estimator with nothing to train: its transformer is known beforehand, and fitting checks the columns that it reads.</summary>
internal sealed class UntrainedEstimator(BatchTransformer transformer) : IEstimator<ITransformer>
{
    public ITransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        transformer.CheckInput(input.Schema);
        return transformer;
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (var name in transformer.InputColumnNames)
            ColumnCheck.NumberVector(inputSchema, name);
        return SchemaShapes.Append(inputSchema, transformer.OutputColumns);
    }
}
