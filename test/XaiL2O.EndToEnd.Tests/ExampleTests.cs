using System.Diagnostics;
using System.Text.Json;

namespace XaiL2O.EndToEnd.Tests;

/// <summary>
/// The examples as a user runs them, in processes of their own: small runs (<c>--quick</c>), or those of usual size, held to the figures the documents state, where
/// the variable <c>XAIL2O_FULL</c> is 1, as <c>./test.sh --full</c> sets it. A figure that a small run cannot reach has a bound in it that says the same of a
/// simpler method.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class ExampleTests
{
    private static (int ExitCode, string Output) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "XaiL2O.Examples.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    private static Dictionary<string, JsonElement> RunExample(string name, string folder, params string[] figures) => RunExample([name], folder, figures);

    private static Dictionary<string, JsonElement> RunExample(string[] arguments, string folder, params string[] figures)
    {
        var (exitCode, output) = Run([.. arguments, .. TestRun.Full ? Array.Empty<string>() : ["--quick"], "--out", folder]);
        TestContext.Out.WriteLine(output);
        Assert.That(exitCode, Is.EqualTo(0), output);
        // What is said to be there is there, each epoch is told once, and lines of warnings hold no NaN loss.
        var contents = output.ReplaceLineEndings(" ");
        Assert.That(contents, Does.Contain("summary.json").And.Not.Contain("loss NaN"));
        Assert.That(System.Text.RegularExpressions.Regex.IsMatch(contents, @"\d+ figures?\b"), Is.EqualTo(Directory.GetFiles(folder, "*.png").Length > 0), "figures");
        // A table fits into 80 columns, which is what a file gets: no number goes on in the next line.
        Assert.That(System.Text.RegularExpressions.Regex.IsMatch(output, @"(?m)^│ +│.*│ *\d+ *│"), Is.False, "a number is broken");
        foreach (var figure in figures)
            Assert.That(new FileInfo(Path.Combine(folder, figure)) is { Exists: true, Length: > 10_000 }, Is.True, figure);
        return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(File.ReadAllText(Path.Combine(folder, "summary.json")))!;
    }

    private static string NewFolder() => Directory.CreateTempSubdirectory("xail2o-").FullName;

    [Test]
    public void List_names_every_example()
    {
        var (exitCode, output) = Run("list");
        Assert.That(exitCode, Is.EqualTo(0));
        Assert.That(output, Does.Contain("ecg").And.Contain("dictionary").And.Contain("certify").And.Contain("cfmm").And.Contain("ct ").And.Contain("ct-noise").And.Contain("experiment").And.Contain("compose").And.Contain("guarantees").And.Contain("allocate").And.Contain("reconcile"));
    }

    [Test]
    public void An_unknown_example_is_an_error_with_help()
    {
        var (exitCode, output) = Run("nosuch");
        Assert.That(exitCode, Is.Not.EqualTo(0));
        Assert.That(output, Does.Contain("nosuch"));
    }

    [Test]
    public void An_output_folder_that_cannot_be_made_is_an_error_that_names_it()
    {
        var file = Path.GetTempFileName();
        var (exitCode, output) = Run("ecg", "--out", file);
        File.Delete(file);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output.ReplaceLineEndings(""), Does.Contain(Path.GetFileName(file)).And.Not.Contain(" at "));
    }

    [Test]
    public void Ecg_meets_its_targets_and_its_model_reloads_in_a_fresh_process()
    {
        var folder = NewFolder();
        var summary = RunExample("ecg", folder, "reconstructions.png", "filters.png", "certificates.png", "bounds.png", "model.zip");
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("rows_test"), Is.EqualTo(600));
        Assert.That(Number("prd_learned"), Is.LessThanOrEqualTo(0.35 * Number("prd_dct")));
        Assert.That(Number("prd_learned"), Is.LessThanOrEqualTo(9));
        Assert.That(Number("prd_least_squares"), Is.GreaterThan(Number("prd_dct")));
        // Better than the strongest cheap baseline, window by window.
        Assert.That(Number("prd_difference_to_linear_high"), Is.LessThan(0));
        Assert.That(Number("fail_rate_clean"), Is.LessThanOrEqualTo(0.12));
        Assert.That(Number("fail_rate_corrupted"), Is.GreaterThanOrEqualTo(0.9));
        // The levels of the tests add up to 5 %, and the truth passes.
        Assert.That(Number("fail_rate_calibration"), Is.LessThanOrEqualTo(0.05));
        Assert.That(Number("fail_rate_truth_calibration"), Is.LessThanOrEqualTo(0.05));
        Assert.That(Number("fail_rate_truth"), Is.LessThanOrEqualTo(0.12));
        Assert.That(Number("bad_missed_rate"), Is.LessThanOrEqualTo(0.2));
        Assert.That(Number("bad_auc"), Is.GreaterThanOrEqualTo(0.9));
        foreach (var kind in new[] { "gain_1p2", "gain_1p5", "gain_2", "zero_1", "zero_10", "noise_30_db", "noise_20_db", "noise_10_db", "dropped_block", "spikes", "noise" })
            Assert.That(Number($"bad_missed_rate_{kind}"), Is.InRange(0, 1), kind);
        Assert.That(Number("fail_rate_dead"), Is.EqualTo(1));
        Assert.That(Number("prd_linear"), Is.InRange(0.1, Number("prd_dct")));
        Assert.That(Number("prd_linear"), Is.EqualTo(Math.Min(Number("prd_linear_sample"), Number("prd_linear_stationary"))));
        Assert.That(Number("converged_rate"), Is.GreaterThanOrEqualTo(0.99));
        Assert.That(Number("converged_rate_dct"), Is.GreaterThanOrEqualTo(0.99));
        Assert.That(Number("roundtrip_max_abs_difference"), Is.EqualTo(0));
        foreach (var key in new[] { "bound_coverage", "bound_coverage_corrupted", "bound_coverage_record_116", "bound_coverage_record_119", "bound_coverage_left_out_105" })
            Assert.That(Number(key), Is.InRange(0.5, 1), key);
        Assert.That(Number("selected_rate"), Is.InRange(0.1, 1));
        Assert.That(Number("prd_median"), Is.LessThan(Number("bound_median")));
        Assert.That(Number("selected_bad_rate"), Is.LessThanOrEqualTo(0.1).And.LessThan(Number("mixed_bad_rate")));
        Assert.That(Number("gap_max_converged"), Is.InRange(0, 1e-2));
        Assert.That(Number("drift_alarm_clean"), Is.EqualTo(0));
        Assert.That(Number("drift_rows_to_alarm_corrupted"), Is.InRange(1, 30));
        Assert.That(Path.Combine(folder, summary["report_path"].GetString()!), Does.Exist);
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Certify_catches_what_it_should_and_its_chain_reloads_in_a_fresh_process()
    {
        var folder = NewFolder();
        var summary = RunExample("certify", folder, "report.html", "report.json", "model.zip");
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("rows"), Is.EqualTo(917));
        Assert.That(Number("accuracy_trusted"), Is.GreaterThanOrEqualTo(0.88));
        Assert.That(Number("accuracy_untrusted"), Is.LessThanOrEqualTo(0.5));
        Assert.That(Number("accuracy_all"), Is.InRange(Number("accuracy_untrusted"), Number("accuracy_trusted")));
        // Nominal 5 %, and three standard errors of the test and the calibration rows.
        Assert.That(Number("fail_rate_in_distribution"), Is.LessThanOrEqualTo(0.05 + (3 * Math.Sqrt(0.05 * 0.95 * ((1 / Number("rows_in_distribution")) + (1.0 / 400))))));
        Assert.That(Number("fail_rate_out_of_distribution"), Is.GreaterThanOrEqualTo(0.9));
        Assert.That(Number("roundtrip_differences"), Is.EqualTo(0));
        Assert.That(Number("rows_passed_on"), Is.InRange(1, Number("rows") - 1));
        Assert.That(Path.Combine(folder, summary["report_path"].GetString()!), Does.Exist);
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Dictionary_meets_its_targets_and_labels_the_reference_rows()
    {
        var folder = NewFolder();
        var summary = RunExample("dictionary", folder, "signal.png", "coefficients.png", "training.png", "errors.png");
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("test_mse"), Is.LessThanOrEqualTo(2.8e-3));
        Assert.That(Number("converged_rate"), Is.GreaterThanOrEqualTo(0.99));
        // A linear map solves the source's experiment and not the harder one, which the model does.
        Assert.That(Number("test_mse_linear"), Is.InRange(0, 1e-9));
        Assert.That(Number("hard_test_mse_linear"), Is.InRange(0.1 * Number("hard_signal_power"), 0.5 * Number("hard_signal_power")));
        Assert.That(Number("hard_test_mse"), Is.InRange(0, 0.02 * Number("hard_test_mse_linear")));
        Assert.That(Number("hard_test_mse"), Is.LessThan(Number("hard_test_mse_start")));
        Assert.That(Number("hard_converged_rate"), Is.GreaterThanOrEqualTo(0.99));
        Assert.That(
            new[] { "truth", "wrong", "least_squares", "model" }.Select(row => $"{row}: {summary[row + "_sparsity_label"]}, {summary[row + "_fidelity_label"]}"),
            Is.EqualTo(new[] { "truth: Pass, Pass", "wrong: Pass, Fail", "least_squares: Fail, Pass", "model: Pass, Pass" }));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Cfmm_meets_its_targets()
    {
        var folder = NewFolder();
        var summary = RunExample("cfmm", folder, "trades.png", "training.png", "report.html");
        double Number(string key) => summary[key].GetDouble();
        foreach (var (noise, share, rate) in new[] { ("0p1", 0.97, 0.99), ("0p2", 0.95, 0.98) })
        {
            Assert.That(Number($"l2o_executed_{noise}"), Is.GreaterThanOrEqualTo(Number($"margin_executed_{noise}")));
            Assert.That(Number($"l2o_executed_{noise}"), Is.GreaterThanOrEqualTo(share * Number($"oracle_utility_{noise}")));
            Assert.That(Number($"l2o_executed_rate_{noise}"), Is.GreaterThanOrEqualTo(rate));
            Assert.That(Number($"fee_pool_executed_{noise}"), Is.InRange(share * Number($"oracle_utility_{noise}"), Number($"oracle_utility_{noise}")));
        }

        foreach (var market in new[] { "0p1", "0p2", "real", "real_pairs" })
        {
            // Which of the two wins is measured, not asked for: the table says it.
            foreach (var rule in new[] { "margin", "fee", "fee_pool", "margins_alone" })
            {
                var difference = Number($"l2o_minus_{rule}_{market}");
                Assert.That(difference, Is.EqualTo(Number($"l2o_executed_{market}") - Number($"{rule}_executed_{market}")).Within(1e-9));
                Assert.That(difference, Is.InRange(Number($"l2o_minus_{rule}_low_{market}"), Number($"l2o_minus_{rule}_high_{market}")));
            }

            // The trade of greatest expected value beats them all; where one exchange has most of the value, the best margin is the same in all rows, and one number per exchange as good.
            foreach (var rule in new[] { "margin", "fee", "l2o" })
                Assert.That(Number($"expected_minus_{rule}_low_{market}"), Is.GreaterThan(0), $"{rule}, {market}");
            if (market is "0p1" or "0p2")
                Assert.That(Number($"expected_minus_fee_pool_high_{market}"), Is.GreaterThan(0), market);
            else
                Assert.That(Number($"expected_minus_fee_pool{(TestRun.Full ? "_low" : "")}_{market}"), Is.GreaterThan(0), market);
            Assert.That(Number($"expected_accepted_{market}"), Is.EqualTo(Number($"expected_acceptance_{market}")).Within(0.05), market);
            Assert.That(Number($"risk_caught_{market}"), Is.InRange(0, 1));
            Assert.That(Number($"risk_false_alarm_rate_{market}"), Is.InRange(0, 0.1));
            Assert.That(Number($"refused_rows_{market}"), Is.GreaterThan(0));
            // Asked for: 99 %; three standard errors of some 140 calibration rows.
            Assert.That(Number($"bound_coverage_{market}"), Is.InRange(0.99 - (3 * Math.Sqrt(0.01 / 140)), 1));
            // Where fewer trades are refused than may break their bound, a bound of nothing is right.
            Assert.That(Number($"bound_mean_{market}"), Number($"refused_rate_{market}") > 0.01 ? Is.GreaterThan(0) : Is.GreaterThanOrEqualTo(0));
            Assert.That(Number($"selected_bad_rate_{market}"), Is.LessThanOrEqualTo(Math.Max(0.01, Number($"refused_rate_{market}"))));
            // Where fewer trades than asked for are refused, all can be sent.
            if (market is "0p1" or "0p2")
                Assert.That(Number($"selected_rate_{market}"), Is.GreaterThan(0.9));
        }

        foreach (var market in new[] { "real", "real_pairs" })
        {
            Assert.That(Number($"l2o_executed_{market}"), Is.GreaterThanOrEqualTo(Number($"margin_executed_{market}")));
            Assert.That(Number($"fee_executed_{market}"), Is.GreaterThanOrEqualTo(Number($"margin_executed_{market}")));
        }

        // Every trade through pools with ticks is certified, and feasible on what was observed.
        Assert.That(Number("v3_gap_max"), Is.LessThanOrEqualTo(1e-6));
        Assert.That(Number("v3_converged_rate"), Is.EqualTo(1));
        Assert.That(Number("v3_feasibility_max"), Is.LessThanOrEqualTo(1e-12));
        Assert.That(Number("v3_executed_rate_oracle"), Is.EqualTo(1));
        Assert.That(Number("v3_executed_rate"), Is.GreaterThan(Number("v3_executed_rate_untuned")));
        Assert.That(Number("v3_executed"), Is.InRange(Number("v3_executed_untuned"), Number("v3_executed_oracle")));
        // Knowing the gas can only help, and helps.
        Assert.That(Number("v3_gas_known"), Is.GreaterThan(Number("v3_gas_ignored")));
        Assert.That(Number("v3_gas_pools_known"), Is.LessThan(Number("v3_gas_pools_ignored")));
        Assert.That(Number("max_constraint_violation"), Is.LessThanOrEqualTo(1e-9));
        Assert.That(Number("roundtrip_differing_values"), Is.EqualTo(0));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Guarantees_hold_on_tabular_data_under_a_shift_and_on_a_price_series()
    {
        var folder = NewFolder();
        var summary = RunExample("guarantees", folder);
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("splits"), Is.EqualTo(TestRun.Full ? 50 : 3));
        foreach (var set in (string[])["airfoil", "concrete", "communities"])
        {
            // Nominal 90 %, and three standard errors of three splits with some 300 calibration and 200 test rows each; a fitted difficulty leaves half of the former.
            foreach (var model in (string[])["", "_sdca", "_lightgbm", "_fitted", "_fitted_sdca", "_fitted_lightgbm", "_cqr"])
                Assert.That(Number($"coverage{model}_{set}"), Is.InRange(0.9 - (3 * Math.Sqrt(0.09 / 3 * ((1 / 150.0) + (1 / 200.0)))), 1), model + "_" + set);
            foreach (var (suffix, rate) in new[] { ("_05", 0.05), ("", 0.1), ("_20", 0.2) })
                Assert.That(Number($"fdp{suffix}_{set}"), Is.InRange(0, 2 * rate), suffix + "_" + set);
            Assert.That(Number($"power_20_{set}"), Is.GreaterThanOrEqualTo(Number($"power_05_{set}")).And.GreaterThan(0.3));
        }

        Assert.That(Number("width_fitted_communities"), Is.LessThan(Number("width_communities")));
        // Calibration rows do not cover where new rows are; their weights do, and say how few rows that leaves.
        Assert.That(Number("coverage_shift_plain"), Is.LessThan(Number("coverage_shift_weighted")));
        Assert.That(Number("coverage_shift_weighted"), Is.GreaterThanOrEqualTo(0.85));
        Assert.That(Number("ess_shift"), Is.InRange(20, 250));
        Assert.That(Number("aci_coverage"), Is.GreaterThanOrEqualTo(0.87));
        Assert.That(Number("aci_coverage_2018"), Is.GreaterThanOrEqualTo(0.87));
        Assert.That(Number("aci_reference_coverage"), Is.EqualTo(0.896).Within(5e-4));
        Assert.That(Number("aci_reference_width"), Is.EqualTo(12.84).Within(5e-3));
        Assert.That(Number("aci_width"), Is.InRange(1, 1.5 * Number("aci_reference_width")));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Allocate_keeps_every_constraint_and_regrets_less_where_it_learns_decisions()
    {
        var folder = NewFolder();
        var summary = RunExample("allocate", folder);
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("violation_unconstrained"), Is.GreaterThan(0.9));
        foreach (var method in (string[])["projected", "forest", "two_stage", "decision_focused"])
        {
            Assert.That(Number($"violation_{method}"), Is.Zero, method);
            Assert.That(Number($"violation_max_{method}"), Is.LessThanOrEqualTo(1e-7), method);
            Assert.That(Number($"regret_{method}"), Is.GreaterThan(0), method);
        }

        foreach (var other in (string[])["projected", "forest"])
            Assert.That(Number($"regret_minus_{other}_high"), Is.LessThan(0), other);
        Assert.That(Number($"regret_minus_two_stage{(TestRun.Full ? "_high" : "")}"), Is.LessThan(0));
        // Where costs are far from linear.
        foreach (var paths in TestRun.Full ? (string[])["100_6", "1000_4", "1000_6"] : ["100_6", "1000_4"])
        {
            Assert.That(Number($"regret_decision_focused_{paths}"), Is.LessThan(Number($"regret_two_stage_{paths}")), paths);
            if (TestRun.Full)
                Assert.That(Number($"regret_difference_{paths}_high"), Is.LessThan(0), paths);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Reconcile_makes_forecasts_add_up_and_more_exact()
    {
        var folder = NewFolder();
        var summary = RunExample("reconcile", folder);
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("rows_test"), Is.EqualTo(365));
        Assert.That(Number("incoherence_base"), Is.GreaterThan(1));
        foreach (var method in (string[])["bottom_up", "euclidean", "projected", "covariance"])
            Assert.That(Number($"incoherence_{method}"), Is.LessThanOrEqualTo(1e-9), method);
        Assert.That(Number("reconcile_error_projected"), Is.LessThan(Number("reconcile_error_base")));
        Assert.That(Number("difference_to_base_high"), Is.LessThan(0));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Ct_reconstructs_every_slice_with_every_method_and_certifies_them()
    {
        var folder = NewFolder();
        var summary = RunExample("ct", folder, "reconstructions.png", "certificates.png", "report.html");
        double Number(string key) => summary[key].GetDouble();
        foreach (var method in (string[])["fbp", "tv", "tvw", "unet", "ffpn", "l2o"])
            foreach (var measure in (string[])["psnr", "ssim", "box_fail", "fidelity_fail", "regularizer_fail", "whiteness_fail", "local_fail", "convergence_fail", "trustworthy", "weights", "ms_per_image"])
                Assert.That(double.IsFinite(Number($"{measure}_{method}")), $"{measure}_{method}");
        Assert.That(Number("adjoint_error"), Is.LessThanOrEqualTo(1e-5));
        Assert.That(Number("projector_speedup_vs_dense"), Is.GreaterThanOrEqualTo(20));
        Assert.That(Number("converged_l2o"), Is.EqualTo(100));
        Assert.That(Number("converged_tv"), Is.EqualTo(100));
        Assert.That(Number("converged_tvw"), Is.EqualTo(100));
        Assert.That(Number("converged_ffpn"), Is.EqualTo(100));
        Assert.That(Number("psnr_l2o"), Is.GreaterThan(Number("psnr_tv") + 2));
        Assert.That(Number("psnr_l2o"), Is.GreaterThan(Number("psnr_tvw") + 1.5));
        Assert.That(Number("psnr_l2o"), Is.GreaterThan(Number("psnr_unet") + 2));
        Assert.That(Number("psnr_l2o"), Is.GreaterThan(Number("psnr_ffpn") + 0.5));
        Assert.That(Number("regularizer_fail_l2o"), Is.LessThanOrEqualTo(10));
        // Six or more of 18 break their bound with a probability below 1 % where 10 % do.
        Assert.That(Number("bound_coverage_l2o"), Is.GreaterThan(12.5 / 18));
        Assert.That(Number("bound_psnr_l2o"), Is.InRange(25, Number("psnr_median_l2o")));
        foreach (var certificate in (string[])["box", "fidelity", "regularizer", "whiteness", "local"])
        {
            // Four or more of 18 fail with a probability of 1 % where 5 % do.
            Assert.That(Number($"{certificate}_fail_truth"), Is.LessThan(100 * 3.5 / 18), $"truths pass {certificate} at the nominal rate");
            Assert.That(Number($"{certificate}_fail_l2o"), Is.LessThan(100 * 3.5 / 18), $"inferences pass {certificate} at the nominal rate");
        }

        foreach (var method in (string[])["fbp", "tv", "tvw", "unet", "ffpn"])
        {
            Assert.That(Number("ssim_l2o"), Is.GreaterThan(Number("ssim_" + method)), method);
            Assert.That(Number("trustworthy_" + method), Is.LessThan(Number("trustworthy_l2o")).And.LessThan(Number("trustworthy_truth")), method);
        }

        // Images that contradict their scans; those of total variation with a weighted ball do not.
        foreach (var method in (string[])["fbp", "tv", "unet", "ffpn"])
            Assert.That(Number("local_fail_" + method), Is.EqualTo(100), method);
        Assert.That(Number("convergence_fail_l2o"), Is.Zero);
        Assert.That(Number("box_fail_l2o"), Is.Zero);
        Assert.That(Number("fidelity_fail_l2o"), Is.Zero);
        Assert.That(Number("weights_l2o"), Is.LessThan(Number("weights_unet")).And.LessThan(Number("weights_ffpn")));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Ct_noise_gives_every_scan_a_ball_of_its_own_size()
    {
        var folder = NewFolder();
        var summary = RunExample("ct-noise", folder);
        double Number(string key) => summary[key].GetDouble();
        foreach (var noise in (string[])["noise_5", "noise_30"])
        {
            Assert.That(Number($"{noise}_psnr_l2o_scan"), Is.GreaterThan(Number($"{noise}_psnr_unet") + 1), noise);
        }

        // Little noise is hardly told from the texture of the body; the usual run has a slice whose level comes out too low.
        Assert.That(Number("noise_5_truths_inside"), Is.GreaterThanOrEqualTo(TestRun.Full ? 60 : 100));
        Assert.That(Number("noise_30_truths_inside"), Is.EqualTo(100));
        Assert.That(Number("noise_5_estimate"), Is.EqualTo(0.5).Within(0.2));
        Assert.That(Number("noise_30_estimate"), Is.EqualTo(3).Within(0.3));
        // Undisturbed scans of real slices have no dead beams; an angle of 30 that measured nothing is one.
        Assert.That(Number("undisturbed_flagged"), Is.LessThanOrEqualTo(1));
        Assert.That(Number("missing_dead"), Is.EqualTo(100.0 / 30).Within(0.01));
        Assert.That(Number("missing_truths_inside"), Is.EqualTo(100));
        Assert.That(Number("missing_psnr_l2o_scan"), Is.GreaterThan(Number("missing_psnr_unet") + 1));
        // No image explains these scans, and the truth does not either; the image stays one of the body.
        Assert.That(Number("turned_truths_inside"), Is.Zero);
        Assert.That(Number("turned_psnr_l2o_scan"), Is.GreaterThan(Number("turned_psnr_fbp") + 1));
        Assert.That(Number("turned_pass"), Is.Zero);
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Experiment_improves_the_ecg_model_keeps_its_time_and_resumes()
    {
        var folder = NewFolder();
        var summary = RunExample("experiment", folder, "search.png", "model.zip");
        double Number(string key) => summary[key].GetDouble();
        Assert.That(Number("trials"), Is.GreaterThanOrEqualTo(2));
        Assert.That(Number("trials_failed"), Is.Zero);
        Assert.That(Number("best_metric"), Is.LessThanOrEqualTo(0.98 * Number("default_metric")));
        Assert.That(Number("constraint_fail_rate"), Is.LessThanOrEqualTo(0.05));
        foreach (var key in new[] { "test_metric", "default_test_metric" })
            Assert.That(Number(key), Is.InRange(1, 50), key);
        Assert.That(Number("default_test_fail_rate"), Is.InRange(0, 0.2));
        Assert.That(Number("seconds"), Is.LessThanOrEqualTo(1.1 * Number("budget_seconds")));
        Assert.That(Number("ended_after_seconds"), Is.InRange(0.9 * Number("deadline_seconds"), 1.1 * Number("deadline_seconds")));
        Assert.That(Number("resumed_equals_uninterrupted"), Is.EqualTo(1));
        // The header, the trials that ended, and the one that was cut at the deadline, unless the last one ended just then.
        Assert.That(File.ReadAllLines(Path.Combine(folder, "trials.csv")), Has.Length.EqualTo(1 + Number("trials") + Number("trials_cut")));
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public void Compose_beats_iterations_without_training_and_keeps_its_constraints()
    {
        var folder = NewFolder();
        var summary = RunExample("compose", folder, "sparse.png", "reconstruction.png", "training.png", "unmixing.png", "report.html", "sparse-report.html", "sparse.zip", "unmixing.zip");
        double Number(string key) => summary[key].GetDouble();
        // Ahead of the lasso, row by row, and far ahead of the better of two linear estimators, which validation rows have chosen.
        Assert.That(Number("sparse_nmse_db"), Is.LessThan(Number("sparse_nmse_db_ista")));
        Assert.That(Number("sparse_difference_to_lasso_high"), Is.LessThan(0));
        Assert.That(Number("sparse_difference_to_linear_high"), Is.LessThanOrEqualTo(-2));
        var kind = summary["sparse_linear_kind"].GetString()!;
        Assert.That(kind, Is.AnyOf("covariance", "regression"));
        Assert.That(Number("sparse_nmse_db_linear"), Is.EqualTo(Number($"sparse_nmse_db_linear_{kind}")).And.InRange(-40, -2));
        Assert.That(Number("sparse_converged_rate"), Is.GreaterThanOrEqualTo(0.99));
        Assert.That(Number("unmix_rmse"), Is.LessThanOrEqualTo(Number("unmix_rmse_untrained")));
        Assert.That(Number("unmix_rmse_untrained"), Is.LessThanOrEqualTo(Number("unmix_rmse_nnls")));
        Assert.That(Number("unmix_rmse"), Is.LessThanOrEqualTo(Number("unmix_rmse_nnls_true_spectra")));
        // A linear regression is closer, and keeps no constraint; it is reported.
        Assert.That(Number("unmix_rmse_linear"), Is.InRange(1e-4, Number("unmix_rmse_nnls")));
        Assert.That(Number("constraint_max_violation_linear"), Is.GreaterThan(1e-4));
        Assert.That(Number("constraint_max_violation"), Is.LessThanOrEqualTo(1e-6));
        Assert.That(Number("unmix_converged_rate"), Is.GreaterThanOrEqualTo(0.99));
        Assert.That(Number("roundtrip_differing_values"), Is.EqualTo(0));
        Assert.That(Number("sparse_fail_rate_clean"), Is.LessThanOrEqualTo(0.15));
        // Nominal 90 %, and three standard errors of some 500 calibration and test rows.
        foreach (var key in (string[])["sparse_bound_coverage_clean", "unmix_bound_coverage_known_materials"])
            Assert.That(Number(key), Is.InRange(0.9 - (3 * Math.Sqrt(0.09 * 2 / 330)), 1), key);
        Assert.That(Number("unmix_fail_rate_known_materials"), Is.LessThanOrEqualTo(0.15));
        foreach (var key in (string[])["sparse_fail_rate_sensors_off", "sparse_fail_rate_spike", "sparse_fail_rate_too_many_active", "unmix_fail_rate_unknown_material", "unmix_fail_rate_even_mixture"])
            Assert.That(Number(key), Is.GreaterThanOrEqualTo(0.95), key);
        Directory.Delete(folder, recursive: true);
    }
}
