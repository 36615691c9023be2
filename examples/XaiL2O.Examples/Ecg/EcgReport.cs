using Spectre.Console;
using XaiL2O.Certifiers;
using XaiL2O.MLNet;

namespace XaiL2O.Examples;

/// <summary>The tables of the ECG example and its <c>summary.json</c>.</summary>
internal static class EcgReport
{
    public static void Show(
        ExampleContext context,
        ImplicitModelTransformer learned,
        Certifier certifier,
        EcgJudged judged,
        EcgMethods methods,
        EcgBounds bounds,
        double difference,
        Dictionary<string, object> conditions)
    {
        var (clean, corrupted) = (judged.Clean, judged.Corrupted);
        EcgInference[] rows = [.. clean, .. corrupted];
        EcgInference[] severe = [.. EcgCorruption.All.Where(k => k.Severe).SelectMany(k => corrupted.Where(r => r.Corruption == k.Name))];
        var drift = EcgDrift.Watch(certifier, judged.Calibration, clean, [.. severe.GroupBy(r => r.Corruption).SelectMany(g => g.Take(20))], context.Seed);

        var linear = Prd(methods.LinearSample) < Prd(methods.LinearStationary) ? methods.LinearSample : methods.LinearStationary;
        var interval = PairedBootstrap.Of([.. clean.Zip(linear, (ours, other) => ours.Prd - other.Prd)], context.Seed);

        AnsiConsole.MarkupLine("PRD = 100·‖x − x̂‖/‖x‖ in percent, over the clean test windows (250 samples, high-passed at 0.5 Hz).");
        var quality = new Table().AddColumns("Method", "PRD", "Median PRD", "Converged");
        void Method(string name, EcgInference[] set, bool solved = false) =>
            quality.AddRow(name, $"{Prd(set):0.00} %", $"{DictionaryExample.Median(set.Select(r => r.Prd)):0.00} %", solved ? $"{EcgCertificates.Share(set, r => r.Converged):P1}" : "–");
        Method("Linear estimate, stationary covariance", methods.LinearStationary);
        Method("Linear estimate, sample covariance", methods.LinearSample);
        Method("Gaussian and learned prior", clean, true);
        Method("Implicit dictionary, K = DCT", methods.Cosine, true);
        Method("Least squares", methods.LeastSquares);
        AnsiConsole.Write(quality);
        AnsiConsole.MarkupLineInterpolated($"PRD of the learned prior minus that of the better linear estimate, window by window: {interval}.");

        AnsiConsole.MarkupLineInterpolated($"Certificates of the learned model, in percent of the rows. Bad: PRD above {EcgCertificates.LargestPrd} %. Missed: share of the bad rows that pass. Q, P, A, F: share that fails Prior, Prediction, Agreement, Fidelity.");
        var caught = new Table().AddColumn(new TableColumn("Rows").NoWrap());
        // 80 columns of text, which is what a file gets, hold all of it where numbers have one space on their left alone.
        foreach (var name in (string[])["PRD", "Bad", "Fail", "Missed", "Q", "P", "A", "F"])
            caught.AddColumn(new TableColumn(name).NoWrap().RightAligned().PadRight(0));
        void Row(string name, EcgInference[] set)
        {
            string Part(string part) => Percent(EcgCertificates.Share(set, r => r.FailedParts.Split(", ").Contains(part)));
            caught.AddRow(name, $"{Prd(set):0.0}", Percent(EcgCertificates.Share(set, r => r.Bad)), Percent(EcgCertificates.FailRate(set)), Percent(EcgCertificates.MissedRate(set)), Part("Prior"), Part("Prediction"), Part("Agreement"), Part("Fidelity"));
        }

        Row("truth, calibration", judged.CalibrationTruth);
        Row("clean, calibration", judged.Calibration);
        Row("truth, test", judged.Truth);
        foreach (var patient in clean.GroupBy(r => r.Record).OrderBy(g => g.Key))
            Row($"clean, record {patient.Key}", [.. patient]);
        foreach (var kind in EcgCorruption.All)
            Row(kind.Name, [.. corrupted.Where(r => r.Corruption == kind.Name)]);
        Row("clean and corrupted", rows);
        AnsiConsole.Write(caught);
        AnsiConsole.MarkupLineInterpolated($"Area under the curve of the joint p-value for bad rows: {EcgCertificates.AreaUnderCurve(rows):0.000}, on clean rows {EcgCertificates.AreaUnderCurve(clean):0.000}.");
        var choice = bounds.Select(clean, corrupted);
        ShowBounds(bounds, choice, clean, corrupted);
        AnsiConsole.MarkupLineInterpolated($"Model reloaded in a fresh process: largest difference of any output {difference}.");
        AnsiConsole.MarkupLineInterpolated($"Drift monitor that knows half of the test patients' clean windows, shown the other {drift.CleanCount}: {EcgAlarms.Text(drift.Clean)}; where all are corrupted from then on, {EcgAlarms.Text(drift.Corrupted)} more; where a tenth is, {EcgAlarms.Text(drift.TenthCorrupted)}.");
        AnsiConsole.MarkupLineInterpolated($"Drift monitor that knows the calibration patients' estimates, shown clean windows of a new one: {string.Join("; ", drift.NewPatients.Select(p => $"record {p.Key}, {EcgAlarms.Text(p.Value)}"))}.");

        var summary = new Dictionary<string, object>
        {
            ["rows_test"] = clean.Length,
            ["rows_corrupted"] = corrupted.Length,
            ["prd_learned"] = Prd(clean),
            ["prd_linear"] = Prd(linear),
            ["prd_linear_sample"] = Prd(methods.LinearSample),
            ["prd_linear_stationary"] = Prd(methods.LinearStationary),
            ["prd_dct"] = Prd(methods.Cosine),
            ["prd_least_squares"] = Prd(methods.LeastSquares),
            ["fail_rate_truth"] = EcgCertificates.FailRate(judged.Truth),
            ["fail_rate_truth_calibration"] = EcgCertificates.FailRate(judged.CalibrationTruth),
            ["fail_rate_calibration"] = EcgCertificates.FailRate(judged.Calibration),
            ["fail_rate_clean"] = EcgCertificates.FailRate(clean),
            // Of the kinds whose damage is hard to miss; mild kinds, whose estimates are still good, need not fail.
            ["fail_rate_corrupted"] = EcgCertificates.FailRate(severe),
            ["bad_rate_clean"] = EcgCertificates.Share(clean, r => r.Bad),
            ["bad_missed_rate"] = EcgCertificates.MissedRate(rows),
            ["bad_missed_rate_clean"] = EcgCertificates.MissedRate(clean),
            ["bad_missed_rate_corrupted"] = EcgCertificates.MissedRate(corrupted),
            ["bad_auc"] = EcgCertificates.AreaUnderCurve(rows),
            ["bad_auc_clean"] = EcgCertificates.AreaUnderCurve(clean),
            ["prd_difference_to_linear"] = interval.Mean,
            ["prd_difference_to_linear_low"] = interval.Low,
            ["prd_difference_to_linear_high"] = interval.High,
            ["iterations_median"] = DictionaryExample.Median(rows.Select(r => (double)r.Iterations)),
            ["converged_rate"] = EcgCertificates.Share(rows, r => r.Converged),
            ["converged_rate_dct"] = EcgCertificates.Share(methods.Cosine, r => r.Converged),
            ["fidelity_max"] = rows.Max(r => r.Fidelity),
            ["bound_coverage"] = EcgBounds.Coverage(clean),
            ["bound_coverage_corrupted"] = EcgBounds.Coverage(corrupted),
            ["bound_median"] = DictionaryExample.Median(clean.Select(r => r.PrdBound)),
            ["prd_median"] = DictionaryExample.Median(clean.Select(r => r.Prd)),
            ["selected_rate"] = choice.Selected,
            ["selected_bad_rate"] = choice.SelectedBad,
            ["mixed_bad_rate"] = choice.Bad,
            // The largest of infeasibility, dual residual and gap, each on its own scale.
            ["gap_max_converged"] = rows.Where(r => r.Converged).Max(r => r.Residual),
            ["roundtrip_max_abs_difference"] = difference,
            ["train_seconds"] = learned.Training!.Elapsed.TotalSeconds,
        };
        foreach (var property in certifier.Properties.Where(p => p.Limits is null))
            summary[$"{property.Name.ToLowerInvariant()}_threshold"] = property.FailThreshold;
        foreach (var kind in EcgCorruption.All)
        {
            EcgInference[] set = [.. corrupted.Where(r => r.Corruption == kind.Name)];
            summary[$"prd_{kind.Key}"] = Prd(set);
            summary[$"bad_rate_{kind.Key}"] = EcgCertificates.Share(set, r => r.Bad);
            summary[$"fail_rate_{kind.Key}"] = EcgCertificates.FailRate(set);
            summary[$"bad_missed_rate_{kind.Key}"] = EcgCertificates.MissedRate(set);
        }

        foreach (var patient in clean.GroupBy(r => r.Record))
            summary[$"bound_coverage_record_{patient.Key}"] = EcgBounds.Coverage(patient);
        foreach (var (record, coverage) in bounds.LeftOut)
            summary[$"bound_coverage_left_out_{record}"] = coverage;
        foreach (var (key, value) in conditions.Concat(drift.Summary()))
            summary[key] = value;
        summary["report_path"] = "report.html";
        summary["total_seconds"] = context.ElapsedSeconds;
        context.WriteSummary(summary);
    }

    private static void ShowBounds(EcgBounds bounds, (double Selected, double Bad, double SelectedBad) choice, EcgInference[] clean, EcgInference[] corrupted)
    {
        AnsiConsole.MarkupLineInterpolated($"Bound on every window's PRD that at most {EcgBounds.Miscoverage:P0} of rows like the calibration rows break, promised against true:");
        var table = new Table().AddColumns("Rows", "Within bound", "Median bound", "Median PRD");
        void Row(string name, EcgInference[] set) =>
            table.AddRow(name, $"{EcgBounds.Coverage(set):P1}", $"{DictionaryExample.Median(set.Select(r => r.PrdBound)):0.0} %", $"{DictionaryExample.Median(set.Select(r => r.Prd)):0.0} %");
        foreach (var patient in clean.GroupBy(r => r.Record).OrderBy(g => g.Key))
            Row($"clean, record {patient.Key}", [.. patient]);
        Row("clean", clean);
        foreach (var kind in EcgCorruption.All)
            Row(kind.Name, [.. corrupted.Where(r => r.Corruption == kind.Name)]);
        Row("corrupted", corrupted);
        AnsiConsole.Write(table);
        AnsiConsole.MarkupLineInterpolated($"Patients differ, and no bound from others' windows promises anything for a new one: calibrated on two of the three calibration patients, the bound holds for {string.Join(", ", bounds.LeftOut.Select(p => $"{p.Value:P1} of record {p.Key}"))}.");
        AnsiConsole.MarkupLineInterpolated($"Selection of rows with a PRD up to {EcgCertificates.LargestPrd} %, from as many clean as corrupted rows, {choice.Bad:P1} of them bad: {choice.Selected:P1} are selected, and {choice.SelectedBad:P1} of the selected are bad, where {EcgBounds.DiscoveryRate:P0} are allowed.");
    }

    private static double Prd(EcgInference[] rows) => rows.Average(r => r.Prd);

    private static string Percent(double share) => double.IsNaN(share) ? "–" : share > 0.9995 ? "100" : $"{100 * share:0.0}";
}
