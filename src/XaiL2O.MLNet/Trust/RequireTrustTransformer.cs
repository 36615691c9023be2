using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Lets certified rows pass, logs them, leaves them out or throws <see cref="UntrustworthyInferenceException"/>. The columns stay as they are.
/// </summary>
/// <remarks>
/// A policy that drops rows makes this a filter: the number of rows is unknown until they are read (<see cref="IDataView.GetRowCount"/> is
/// null), positions count the rows that are kept, and a prediction engine, which owes a row for every row, refuses it; use
/// <see cref="TrustedPredictionEngine{TIn, TOut}"/>. Messages go to <c>MLContext.Log</c>, source <c>RequireTrust</c>: one per logged
/// row for the first <see cref="MessagesPerPass"/> rows of a pass over the data, and a count of each kind at its end. A prediction engine has no passes:
/// there every row is logged.
/// </remarks>
public sealed class RequireTrustTransformer : ITransformer
{
    internal const string LoaderSignature = "XaiL2ORequireTrust";

    /// <summary>Rows that are logged one by one in one pass over the data.</summary>
    public const int MessagesPerPass = 100;

    internal RequireTrustTransformer(IHostEnvironment environment, TrustPolicy policy, Action<Verdict>? observer = null) =>
        (Environment, Policy, Observer) = (environment, policy, observer);

    /// <summary>What happens to rows.</summary>
    public TrustPolicy Policy { get; }

    /// <summary>Whether every row comes out: not where the policy drops rows.</summary>
    public bool IsRowToRowMapper => !Policy.Drops;

    internal IHostEnvironment Environment { get; }

    /// <summary>Receives the verdict of every row that a prediction engine reads.</summary>
    internal Action<Verdict>? Observer { get; }

    /// <inheritdoc/>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        VerdictReader.Check(inputSchema);
        return inputSchema;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The policy drops rows.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        if (!IsRowToRowMapper)
            throw new InvalidOperationException($"This post-condition leaves rows out ({nameof(TrustAction)}.{nameof(TrustAction.Drop)}), and a prediction engine owes a row for every row. Use {nameof(L2OCatalog.CreateTrustedPredictionEngine)}, or log or throw in place of dropping.");
        VerdictReader.Check(inputSchema);
        return new TrustRowMapper(this, inputSchema);
    }

    /// <inheritdoc/>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        VerdictReader.Check(input.Schema);
        return new TrustDataView(this, input);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version());
        ModelPayload.Of(Policy).Save(ctx);
    }

    private static VersionInfo Version() => ModelHeader.Of("XL2O TRU", LoaderSignature);

    private static ITransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version());
        return ModelPayload.Read(ctx, payload =>
        {
            var policy = payload.ReadSettings<TrustPolicy>();
            policy.Validate();
            return new RequireTrustTransformer(env, policy);
        });
    }
}
