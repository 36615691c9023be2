using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>A post-condition on the certifier's columns. Appends nothing; needs no fitting.</summary>
public sealed class RequireTrustEstimator : IEstimator<RequireTrustTransformer>
{
    private readonly RequireTrustTransformer transformer;

    internal RequireTrustEstimator(IHostEnvironment environment, TrustPolicy policy)
    {
        policy.Validate();
        transformer = new RequireTrustTransformer(environment, policy);
    }

    /// <summary>Checks that the rows carry certificates.</summary>
    /// <param name="input">Rows judged by a certifier.</param>
    public RequireTrustTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        VerdictReader.Check(input.Schema);
        return transformer;
    }

    /// <inheritdoc/>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        VerdictReader.Check(inputSchema);
        return inputSchema;
    }
}
