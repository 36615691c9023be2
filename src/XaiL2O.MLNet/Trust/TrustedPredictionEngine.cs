using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>
/// Single predictions with their certificates, from many threads: ML.NET's prediction engine, which is for one thread, is lent from a pool. What is not to
/// be trusted has no value, unless the model's own post-condition says otherwise; of several post-conditions the strictest action counts: <see cref="TrustAction.Throw"/>
/// before <see cref="TrustAction.Drop"/> before <see cref="TrustAction.Log"/>.
/// </summary>
/// <typeparam name="TIn">Input row.</typeparam>
/// <typeparam name="TOut">Output row.</typeparam>
public sealed class TrustedPredictionEngine<TIn, TOut> : IDisposable
    where TIn : class
    where TOut : class, new()
{
    private readonly MLContext context;
    private readonly ITransformer[] model;
    private readonly TrustPolicy policy;
    private readonly ConcurrentBag<Worker> idle = [];
    private volatile bool disposed;

    internal TrustedPredictionEngine(MLContext context, ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        this.context = context;
        var parts = Parts(model).ToList();
        // What the last certifier says counts for those before it, so their post-conditions are applied to it, together.
        TrustPolicy[] policies = [.. parts.OfType<RequireTrustTransformer>().Select(p => p.Policy), .. parts is [.., RequireTrustTransformer] ? Array.Empty<TrustPolicy>() : [new(TrustAction.Pass, TrustAction.Drop)]];
        policy = new TrustPolicy(policies.Max(p => p.OnWarning), policies.Max(p => p.OnFail));
        this.model = [.. parts.Where(p => p is not RequireTrustTransformer)];
        if (this.model is not [.., CertifierTransformer])
            throw new ArgumentException("The model must end with a certifier, or with a certifier and post-conditions. Append Certify(…).", nameof(model));
        // The first engine is made now, so that a wrong input or output type shows here and not at the first prediction.
        idle.Add(new Worker(this));
    }

    /// <summary>Predicts one row and judges it.</summary>
    /// <param name="example">Input row.</param>
    /// <exception cref="ArgumentException">The model cannot compute the row, because a vector of it is null or of another length than its type declares.</exception>
    /// <exception cref="UntrustworthyInferenceException">The model's post-condition throws for this row.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public TrustedPrediction<TOut> Predict(TIn example)
    {
        ArgumentNullException.ThrowIfNull(example);
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!idle.TryTake(out var worker))
            worker = new Worker(this);
        TrustedPrediction<TOut> prediction;
        try
        {
            prediction = worker.Predict(example);
        }
        catch (Exception e)
        {
            worker.Dispose();
            if (e is not OperationCanceledException && ExampleFault.Of(example) is { } fault)
                throw new ArgumentException(fault, nameof(example), e);
            throw;
        }

        idle.Add(worker);
        if (disposed)
            Empty();
        return Apply(prediction);
    }

    /// <summary>Releases the pooled engines; the model stays usable.</summary>
    public void Dispose()
    {
        disposed = true;
        Empty();
    }

    private static IEnumerable<ITransformer> Parts(ITransformer model) =>
        model is IEnumerable<ITransformer> chain ? chain.SelectMany(Parts) : [model];

    private TrustedPrediction<TOut> Apply(TrustedPrediction<TOut> prediction)
    {
        var verdict = prediction.Verdict;
        switch (policy.For(verdict.Label))
        {
            case TrustAction.Throw:
                throw new UntrustworthyInferenceException(verdict);
            case TrustAction.Drop:
                return prediction with { Value = null };
            case TrustAction.Log:
                using (var channel = ((Microsoft.ML.Runtime.IChannelProvider)context).Start("RequireTrust"))
                    Microsoft.ML.Runtime.HostExtensions.Warning(channel, "{0}", $"{(verdict.Trustworthy ? "Warning" : "Untrustworthy")}. {verdict.Explanation}");
                return prediction;
            default:
                return prediction;
        }
    }

    private void Empty()
    {
        while (idle.TryTake(out var worker))
            worker.Dispose();
    }

    /// <summary>A prediction engine whose last transformer hands the verdict out, so that the model runs once per row.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly PredictionEngine<TIn, TOut> engine;
        private Verdict? verdict;

        public Worker(TrustedPredictionEngine<TIn, TOut> parent)
        {
            var observer = new RequireTrustTransformer(parent.context, new TrustPolicy(TrustAction.Pass, TrustAction.Pass), v => verdict = v);
            engine = parent.context.Model.CreatePredictionEngine<TIn, TOut>(
                new TransformerChain<ITransformer>([.. parent.model, observer]),
                new PredictionEngineOptions { OwnsTransformer = false });
        }

        public TrustedPrediction<TOut> Predict(TIn example)
        {
            verdict = null;
            var value = engine.Predict(example);
            return new TrustedPrediction<TOut>(value, verdict ?? throw new InvalidOperationException($"{typeof(TOut).Name} reads no column of the model, so nothing was computed; give it at least one."));
        }

        public void Dispose() => engine.Dispose();
    }
}
