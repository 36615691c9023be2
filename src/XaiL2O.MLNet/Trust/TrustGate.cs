using Microsoft.ML.Runtime;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Applies a post-condition to the rows of one pass and counts them.</summary>
/// <param name="transformer">Has the policy.</param>
/// <param name="reader">Reads verdicts.</param>
/// <param name="messages">Rows that are logged one by one; the others are counted at the end of the pass, which a prediction engine does not have.</param>
internal sealed class TrustGate(RequireTrustTransformer transformer, VerdictReader reader, long messages = long.MaxValue)
{
    private readonly long[] counts = new long[3];
    private long dropped;
    private long logged;

    /// <summary>Whether the row is kept.</summary>
    /// <exception cref="UntrustworthyInferenceException">The policy throws.</exception>
    public bool Admit(long? position)
    {
        var label = reader.Label();
        counts[(int)label]++;
        if (transformer.Observer is { } observer)
            observer(reader.Read());
        switch (transformer.Policy.For(label))
        {
            case TrustAction.Throw:
                var verdict = reader.Read();
                throw position is { } row ? new UntrustworthyInferenceException(verdict, row) : new UntrustworthyInferenceException(verdict);
            case TrustAction.Drop:
                dropped++;
                return false;
            case TrustAction.Log when ++logged <= messages:
                Write($"{(position is { } at ? $"Row {at}: " : "")}{(label == CertificateLabel.Fail ? "untrustworthy" : "warning")}. {reader.Read().Explanation}");
                if (logged == messages)
                    Write($"{messages} rows of this pass were logged one by one; those that follow are counted at its end.");
                return true;
            default:
                return true;
        }
    }

    /// <summary>Logs the counts at the end of a pass.</summary>
    public void Summarize()
    {
        if (dropped == 0 && logged == 0)
            return;
        Write(
            $"{counts.Sum()} rows: {counts[(int)CertificateLabel.Pass]} passed, {counts[(int)CertificateLabel.Warning]} with a warning, {counts[(int)CertificateLabel.Fail]} untrustworthy; {dropped} dropped"
            + (logged > messages ? $", {logged - messages} more not logged one by one." : "."));
    }

    private void Write(string message)
    {
        using var channel = transformer.Environment.Start("RequireTrust");
        // The text goes through a placeholder, because names may hold braces.
        channel.Warning("{0}", message);
    }
}
