using Microsoft.ML;
using Microsoft.ML.Data;
using XaiL2O.Certifiers;

namespace XaiL2O.MLNet;

/// <summary>Judges rows as they are read. Apart from the texts of rows that failed or warned it allocates nothing per row.</summary>
internal sealed class JudgeBatch : IRowBatch
{
    private static readonly ReadOnlyMemory<char>[] Labels = [.. Enum.GetNames<CertificateLabel>().Select(n => n.AsMemory())];

    private readonly Certifier certifier;
    private readonly Func<double>[] getters;
    private readonly GroupReader? group;
    private readonly EarlierVerdict? earlier;
    private readonly int tests;
    private readonly bool explains;
    private readonly double[] values;
    private readonly Certificate[] certificates;
    private readonly bool[] failed;
    private readonly Array[] outputs;
    private readonly double[]?[] valueOutputs;
    private readonly double[][] pValues;
    private readonly ReadOnlyMemory<char>[][] labels;
    private readonly int[][] partLabels;
    private readonly bool[] trustworthy;
    private readonly double[] jointPValues;
    private readonly ReadOnlyMemory<char>[] failedParts;
    private readonly ReadOnlyMemory<char>[] warnedParts;
    private readonly ReadOnlyMemory<char>[] explanations;
    private readonly Dictionary<ulong, ReadOnlyMemory<char>> names = [];

    public JudgeBatch(CertifierTransformer parent, DataViewRow source, int capacity, bool explains)
    {
        var properties = parent.Options.Properties;
        (certifier, this.explains) = (parent.Certifier, explains);
        getters = [.. properties.Select(p => PropertyGetter.Create(source, p))];
        group = parent.Options.GroupColumnName is { } name ? GroupReader.Create(source, source.Schema[name]) : null;
        earlier = EarlierVerdict.Create(source, explains);
        tests = certifier.Properties.Count(p => p.Limits is null);
        (values, certificates, failed) = (new double[getters.Length], new Certificate[getters.Length], new bool[getters.Length]);
        valueOutputs = [.. properties.Select(p => p.AppendsValue ? new double[capacity] : null)];
        pValues = [.. properties.Select(_ => new double[capacity])];
        labels = [.. properties.Select(_ => new ReadOnlyMemory<char>[capacity])];
        var before = EarlierVerdict.PartsIn(source.Schema).Count;
        partLabels = [.. Enumerable.Range(0, capacity).Select(_ => new int[before + getters.Length])];
        (trustworthy, jointPValues) = (new bool[capacity], new double[capacity]);
        (failedParts, warnedParts, explanations) = (new ReadOnlyMemory<char>[capacity], new ReadOnlyMemory<char>[capacity], new ReadOnlyMemory<char>[capacity]);
        outputs =
        [
            .. Enumerable.Range(0, getters.Length).SelectMany(i => (IEnumerable<Array>)[.. valueOutputs[i] is { } v ? [v] : Array.Empty<Array>(), pValues[i], labels[i]]),
            partLabels.Select(row => new VBuffer<int>(row.Length, row)).ToArray(), trustworthy, jointPValues, failedParts, warnedParts, explanations,
        ];
    }

    public void Read(int slot)
    {
        for (var i = 0; i < getters.Length; i++)
            values[i] = getters[i]();
        var groupName = group is null ? default : group.Read();
        var judge = certifier.ForGroup(groupName.Span);
        var outcome = judge.Judge(values, certificates, failed);
        for (var i = 0; i < certificates.Length; i++)
        {
            if (valueOutputs[i] is { } output)
                output[slot] = values[i];
            pValues[i][slot] = certificates[i].PValue;
            labels[i][slot] = Labels[(int)certificates[i].Label];
            partLabels[slot][^(certificates.Length - i)] = (int)certificates[i].Label + (failed[i] ? LabelReader.FailsJointly : 0);
        }

        failedParts[slot] = Names(failedOnly: true);
        warnedParts[slot] = Names(failedOnly: false);
        explanations[slot] = explains && !(failedParts[slot].IsEmpty && warnedParts[slot].IsEmpty)
            ? judge.Explain(certificates, failed, judge == certifier ? null : groupName.ToString()).AsMemory()
            : default;
        if (earlier is not null)
        {
            earlier.Read().CopyTo(partLabels[slot]);
            outcome = JointOutcome.Combine(earlier.Outcome, earlier.Tests, outcome, tests);
            failedParts[slot] = Join(earlier.FailedParts, CertificateColumns.PartSeparator, failedParts[slot]);
            warnedParts[slot] = Join(earlier.WarnedParts, CertificateColumns.PartSeparator, warnedParts[slot]);
            explanations[slot] = Join(earlier.Explanation, " ", explanations[slot]);
        }

        (trustworthy[slot], jointPValues[slot]) = (outcome.Trustworthy, outcome.JointPValue);
    }

    public Array[] Compute(int rows) => outputs;

    private static ReadOnlyMemory<char> Join(ReadOnlyMemory<char> first, string separator, ReadOnlyMemory<char> second) =>
        first.IsEmpty ? second : second.IsEmpty ? first : string.Concat(first.Span, separator, second.Span).AsMemory();

    /// <summary>Names of the failed or of the warned parts; each combination is joined once.</summary>
    private ReadOnlyMemory<char> Names(bool failedOnly)
    {
        // The first bit tells failed from warned, so 63 properties fit; more are joined anew.
        var mask = failedOnly ? 1UL : 0;
        var any = false;
        for (var i = 0; i < failed.Length; i++)
        {
            if (!IsNamed(i, failedOnly))
                continue;
            any = true;
            mask |= i < 63 ? 2UL << i : 0;
        }

        if (!any)
            return default;
        if (failed.Length <= 63 && names.TryGetValue(mask, out var known))
            return known;
        var joined = Join(failedOnly);
        if (failed.Length <= 63)
            names[mask] = joined;
        return joined;
    }

    // Apart from its caller, which would otherwise allocate the closure for every row.
    private ReadOnlyMemory<char> Join(bool failedOnly) =>
        string.Join(CertificateColumns.PartSeparator, certificates.Where((_, i) => IsNamed(i, failedOnly)).Select(c => c.Name)).AsMemory();

    private bool IsNamed(int i, bool failedOnly) => failedOnly ? failed[i] : !failed[i] && certificates[i].Label != CertificateLabel.Pass;
}
