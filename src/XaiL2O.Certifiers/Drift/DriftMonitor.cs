using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace XaiL2O.Certifiers;

/// <summary>
/// Watches the property values of inferences, without labels, for a change from the calibration rows: one
/// <see cref="PowerMartingale"/> per property over conformal p-values. Not for use from several threads.
/// </summary>
/// <remarks>
/// While the rows stay exchangeable with the calibration rows, the probability of ever raising an alarm is at most δ, for streams of any
/// length: each of m martingales alarms at m/δ (Ville's inequality and the union bound, valid however the properties depend on each other). Or, with
/// <see cref="DriftOptions.MeanRunLength"/> r, the mean number of rows until an alarm is at least r: each statistic alarms at m·r, and their mean, whose
/// mean after n rows is n, has then reached r.
/// What is watched are inferences, so a property whose labels compare with truths is compared with the inferences of its calibration rows.
/// Rows must be watched in order of time and one at a time; rows sorted by size, or near-duplicates, look like change because they are.
/// </remarks>
public sealed class DriftMonitor
{
    private readonly Certifier certifier;
    private readonly DriftOptions options;
    private readonly int[] watched;
    private readonly OnlineRanks[] ranks;
    private readonly PowerMartingale[] martingales;
    private ulong randomState;

    /// <summary>Starts to watch.</summary>
    /// <param name="certifier">Calibrated on rows that stand for the usual; held out of training, as its p-values need.</param>
    /// <param name="options">Settings; the defaults when null.</param>
    /// <exception cref="ArgumentException">No property has calibration values, or a sketch holds them.</exception>
    public DriftMonitor(Certifier certifier, DriftOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(certifier);
        this.options = options ?? new DriftOptions();
        this.options.Validate();
        this.certifier = certifier;
        watched = [.. Enumerable.Range(0, certifier.Properties.Count).Where(i => certifier.Properties[i].Distribution is not null)];
        if (watched.Length == 0)
            throw new ArgumentException("None of the certifier's properties has calibration values, so there is nothing to compare with.", nameof(certifier));
        if (watched.Select(i => certifier.Properties[i]).FirstOrDefault(p => p.Distribution is not EmpiricalDistribution) is { } sketched)
            throw new ArgumentException($"The calibration values of '{sketched.Name}' are a sketch, whose ranks are not exact enough for a martingale over long streams. Calibrate without a sketch for monitoring.", nameof(certifier));
        ranks = [.. watched.Select(i => new OnlineRanks(certifier.Properties[i]))];
        martingales = [.. watched.Select(_ => new PowerMartingale(this.options.Promise))];
        randomState = this.options.Seed;
    }

    /// <summary>Row at which the alarm was first raised, from 1; null while there is none.</summary>
    public long? AlarmRow { get; private set; }

    /// <summary>Settings.</summary>
    public DriftOptions Options => options;

    /// <summary>Names of the certifier's properties, in the order in which values are given.</summary>
    public IReadOnlyList<string> PropertyNames => [.. certifier.Properties.Select(p => p.Name)];

    /// <summary>The monitor's state.</summary>
    public DriftStatus Status
    {
        get
        {
            var most = 0;
            for (var i = 1; i < martingales.Length; i++)
                most = martingales[i].LogValue > martingales[most].LogValue ? i : most;
            return new DriftStatus(martingales[0].Count, ranks[most].Property.Name, martingales[most].LogValue, Threshold, AlarmRow) { Promise = options.Promise };
        }
    }

    private double Threshold => Math.Log(martingales.Length * (options.MeanRunLength ?? 1 / options.FalseAlarmBound));

    /// <summary>Takes the property values of a row up.</summary>
    /// <param name="values">One value per property of the certifier, in order; NaN, ∞ and negative values count as larger than all.</param>
    /// <exception cref="ArgumentException">The number of values differs from the number of properties.</exception>
    public DriftStatus Observe(ReadOnlySpan<double> values)
    {
        if (values.Length != certifier.Properties.Count)
            throw new ArgumentException($"{certifier.Properties.Count} property values are needed; got {values.Length}.", nameof(values));
        for (var i = 0; i < watched.Length; i++)
        {
            var p = ranks[i].Observe(values[watched[i]], NextUniform());
            if (martingales[i].Observe(Math.Min(p, 1)) >= Threshold)
                AlarmRow ??= martingales[i].Count;
        }

        return Status;
    }

    /// <summary>Takes the certificates of a row up.</summary>
    /// <param name="verdict">Given by the monitor's certifier.</param>
    /// <exception cref="ArgumentException">The certificates are of other properties.</exception>
    public DriftStatus Observe(Verdict verdict)
    {
        ArgumentNullException.ThrowIfNull(verdict);
        if (!verdict.Certificates.Select(c => c.Name).SequenceEqual(certifier.Properties.Select(p => p.Name)))
            throw new ArgumentException($"The verdict has certificates of {string.Join(", ", verdict.Certificates.Select(c => c.Name))}; the monitor watches {string.Join(", ", certifier.Properties.Select(p => p.Name))}.", nameof(verdict));
        return Observe([.. verdict.Certificates.Select(c => c.Value)]);
    }

    /// <summary>Writes the state as JSON with a checksum, to go on later or elsewhere; <see cref="FileReplacement.Write"/> makes a file of it.</summary>
    /// <param name="stream">Stays open.</param>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public void Save(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream.Write(Sealed.ToJson(ToState()));
    }

    private State ToState() => new(
        options,
        randomState,
        AlarmRow,
        [
            .. watched.Select((index, i) => new PartState(
                certifier.Properties[index].Name,
                Fingerprint(certifier.Properties[index]),
                martingales[i].LogValue,
                martingales[i].LogMaximum,
                martingales[i].Count,
                martingales[i].Weights.ToArray(),
                ranks[i].Counts)),
        ]);

    /// <summary>Goes on from a saved state.</summary>
    /// <param name="stream">What <see cref="Save"/> wrote and nothing behind it.</param>
    /// <param name="certifier">The certifier the state was made with, for instance reloaded with its model.</param>
    /// <exception cref="InvalidDataException">The state is damaged, or belongs to a certifier with other calibration values.</exception>
    [RequiresUnreferencedCode(Trimming.Json), RequiresDynamicCode(Trimming.Json)]
    public static DriftMonitor Load(Stream stream, Certifier certifier)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        var state = Sealed.FromJson<State>(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), "The state of the drift monitor", "Start a new monitor or restore the file from a copy.");
        try
        {
            state.Options.Validate();
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"The state of the drift monitor has options that no monitor has: {e.Message}", e);
        }

        var monitor = new DriftMonitor(certifier, state.Options) { AlarmRow = state.AlarmRow, randomState = state.RandomState };
        if (state.Parts.Count != monitor.watched.Length || state.Parts.Contains(null!))
            throw new InvalidDataException($"The state watches {state.Parts.Count} properties; the certifier has {monitor.watched.Length}.");
        for (var i = 0; i < monitor.watched.Length; i++)
        {
            var (part, property) = (state.Parts[i], certifier.Properties[monitor.watched[i]]);
            if (part.Name != property.Name || part.Calibration != Fingerprint(property))
                throw new InvalidDataException($"The state was made with other calibration values or sides of '{part.Name}' than those of the certifier's '{property.Name}'. Load the certifier it was made with, or start a new monitor.");
            if (part.Bins.Values.Sum(count => (long)count) != part.Count || part.Count != state.Parts[0].Count || state.AlarmRow < 1 || state.AlarmRow > part.Count)
                throw new InvalidDataException($"The state of '{part.Name}' counts {part.Count} rows, {part.Bins.Values.Sum(count => (long)count)} of them in bins, with an alarm at row {state.AlarmRow}; '{state.Parts[0].Name}' counts {state.Parts[0].Count}. No stream leaves such a state.");
            monitor.martingales[i] = PowerMartingale.Restore(state.Options.Promise, part.LogValue, part.LogMaximum, part.Count, part.Weights);
            foreach (var (bin, count) in part.Bins)
                monitor.ranks[i].Add(bin, count);
        }

        return monitor;
    }

    private sealed record State(DriftOptions Options, ulong RandomState, long? AlarmRow, IReadOnlyList<PartState> Parts);

    private sealed record PartState(string Name, string Calibration, double LogValue, double LogMaximum, long Count, double[] Weights, IReadOnlyDictionary<int, int> Bins);

    private static string Fingerprint(PropertyCertifier property) =>
        Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes(property.Distribution.Values)))[..16] + (property.Sides == Sides.TwoSided ? "±" : "");

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014): its whole state is one number that is saved with the rest.</summary>
    private double NextUniform()
    {
        var z = randomState += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
