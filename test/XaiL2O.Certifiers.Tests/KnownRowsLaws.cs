namespace XaiL2O.Certifiers.Tests;

/// <summary>Distances to known rows: against their definitions, written out, and in any units.</summary>
internal sealed class KnownRowsLaws
{
    private const int Width = 4;

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    /// <summary>Features of very different units, of which the last follows the first.</summary>
    private static double[][] Rows(int seed, int count)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, count).Select(_ =>
            {
                var (a, b, c) = (Normal(random), Normal(random), Normal(random));
                return new[] { 1000 + (200 * a), 0.01 * b, 5 + c, (3 * a) + (0.1 * Normal(random)) };
            }),
        ];
    }

    private static double Deviation(double[][] rows, int feature)
    {
        var mean = rows.Average(r => r[feature]);
        return Math.Sqrt(rows.Average(r => Math.Pow(r[feature] - mean, 2)));
    }

    [Test]
    public void Distances_to_neighbours_are_those_of_their_definition([Values(1, 3, 40)] int count, [Values(FeatureScaling.None, FeatureScaling.Standardised)] FeatureScaling scaling)
    {
        var known = Rows(1, 40);
        double[] units = [.. Enumerable.Range(0, Width).Select(j => scaling == FeatureScaling.None ? 1 : Deviation(known, j))];
        var function = PropertyFunction.NeighbourDistance(known, count, scaling);
        foreach (var x in Rows(2, 20).Concat(known))
        {
            var expected = known.Select(row => Math.Sqrt(row.Zip(x, (a, b) => a - b).Select((d, j) => Math.Pow(d / units[j], 2)).Sum())).Order().Take(count).Average();
            Assert.That(function.Evaluate(x, []), Is.EqualTo(expected).Within(1e-9 * (1 + expected)));
        }
    }

    [Test]
    public void The_Mahalanobis_distance_solves_with_the_covariance()
    {
        var known = Rows(1, 300);
        double[] mean = [.. Enumerable.Range(0, Width).Select(j => known.Average(r => r[j]))];
        var covariance = new double[Width, Width];
        for (var i = 0; i < Width; i++)
            for (var j = 0; j < Width; j++)
                covariance[i, j] = known.Average(r => (r[i] - mean[i]) * (r[j] - mean[j]));
        var function = PropertyFunction.MahalanobisDistance(known);
        foreach (var x in Rows(2, 20))
        {
            double[] centred = [.. x.Zip(mean, (a, b) => a - b)];
            var expected = Math.Sqrt(centred.Zip(Solve(covariance, centred), (a, b) => a * b).Sum());
            // The ridge of a millionth changes combinations that hardly vary.
            Assert.That(function.Evaluate(x, []), Is.EqualTo(expected).Within(0.2).Percent);
        }

        Assert.That(function.Evaluate(mean, []), Is.Zero.Within(1e-9));
    }

    /// <summary>Gauss and Jordan, with pivots.</summary>
    private static double[] Solve(double[,] matrix, double[] right)
    {
        var n = right.Length;
        var (a, b) = ((double[,])matrix.Clone(), (double[])right.Clone());
        for (var k = 0; k < n; k++)
        {
            var pivot = Enumerable.Range(k, n - k).MaxBy(i => Math.Abs(a[i, k]));
            for (var j = 0; j < n; j++)
                (a[k, j], a[pivot, j]) = (a[pivot, j], a[k, j]);
            (b[k], b[pivot]) = (b[pivot], b[k]);
            for (var i = 0; i < n; i++)
            {
                if (i == k)
                    continue;
                var factor = a[i, k] / a[k, k];
                for (var j = 0; j < n; j++)
                    a[i, j] -= factor * a[k, j];
                b[i] -= factor * b[k];
            }
        }

        return [.. b.Select((v, i) => v / a[i, i])];
    }

    [Test]
    public void Units_change_nothing()
    {
        double[] factors = [1e-6, 1e4, -3, 0.5];
        double[] Changed(double[] row) => [.. row.Select((v, j) => (v * factors[j]) + (10 * j))];
        var (known, rows) = (Rows(1, 100), Rows(2, 20));
        (Func<double[][], PropertyFunction> Make, string Name)[] all =
        [
            (k => PropertyFunction.NeighbourDistance(k, 3), "standardised"), (k => PropertyFunction.NeighbourDistance(k, 3, FeatureScaling.Whitened), "whitened"), (PropertyFunction.MahalanobisDistance, "Mahalanobis"),
        ];
        foreach (var (make, name) in all)
        {
            var (before, after) = (make(known), make([.. known.Select(Changed)]));
            foreach (var x in rows)
                Assert.That(after.Evaluate(Changed(x), []), Is.EqualTo(before.Evaluate(x, [])).Within(1e-6).Percent, name);
        }
    }

    /// <summary>A shift of a feature of small numbers is lost beside one of large numbers, unless each counts in its own unit; one that breaks a correlation, unless that counts too.</summary>
    [Test]
    public void Shifts_are_seen_whatever_their_unit()
    {
        var (known, calibration, clean) = (Rows(1, 500), Rows(2, 400), Rows(3, 400));
        double Failed(PropertyFunction function, Action<double[]> shift)
        {
            var certifier = new PropertyCertifier("Distance", new EmpiricalDistribution(calibration.Select(r => function.Evaluate(r, []))), new LabelPolicy(), Calibration.Conformal);
            return clean.Average(r =>
            {
                var row = (double[])r.Clone();
                shift(row);
                return certifier.Certify(function.Evaluate(row, [])).Label == CertificateLabel.Fail ? 1.0 : 0;
            });
        }

        void Tenfold(double[] row) => row[1] *= 10;
        void Unlike(double[] row) => row[3] = -row[3];
        var (raw, standardised, whitened, mahalanobis) = (
            PropertyFunction.NeighbourDistance(known, scaling: FeatureScaling.None), PropertyFunction.NeighbourDistance(known), PropertyFunction.NeighbourDistance(known, scaling: FeatureScaling.Whitened),
            PropertyFunction.MahalanobisDistance(known));
        Assert.Multiple(() =>
        {
            foreach (var function in new[] { raw, standardised, whitened, mahalanobis })
                Assert.That(Failed(function, _ => { }), Is.LessThan(0.1), "nominal 5 %");
            Assert.That(Failed(raw, Tenfold), Is.LessThan(0.15));
            Assert.That(Failed(standardised, Tenfold), Is.GreaterThan(0.75));
            Assert.That(Failed(whitened, Unlike), Is.GreaterThan(0.85));
            Assert.That(Failed(mahalanobis, Unlike), Is.GreaterThan(0.85));
        });
    }

    [Test]
    public void Features_that_never_varied_count_in_their_own_unit()
    {
        double[][] known = [[1, 7, 0.1], [3, 7, 0.1], [5, 7, 0.1]];
        Assert.That(PropertyFunction.NeighbourDistance(known).Evaluate([3, 9, 0.1], []), Is.EqualTo(2).Within(1e-12));
        Assert.That(PropertyFunction.MahalanobisDistance(known).Evaluate([3, 9, 0.1], []), Is.EqualTo(2).Within(1e-6));
    }

    /// <summary>What rounding makes of the mean of a constant is no variation, however many rows there are.</summary>
    [Test]
    public void Constants_of_any_number_of_rows_count_alike([Values(0.1, 0.5, 1, 36.6, 0)] double constant, [Values(8, 10, 150, 200, 100_000)] int count)
    {
        double[][] known = [.. Enumerable.Range(0, count).Select(i => new[] { constant, i % 7 })];
        double[] x = [constant + 2, 3];
        Assert.That(PropertyFunction.MahalanobisDistance(known).Evaluate([constant + 2, known.Average(r => r[1])], []), Is.EqualTo(2).Within(1e-6));
        if (count < 1000)
        {
            foreach (var scaling in new[] { FeatureScaling.Standardised, FeatureScaling.Whitened })
                Assert.That(PropertyFunction.NeighbourDistance(known, 1, scaling).Evaluate(x, []), Is.EqualTo(2).Within(1e-9), $"{scaling}");
        }
    }

    [Test]
    public void Functions_are_made_again_from_their_description()
    {
        float[][] known = [.. Rows(1, 30).Select(r => Array.ConvertAll(r, v => (float)v))];
        foreach (var function in new[] { PropertyFunction.NeighbourDistance(known, 2, FeatureScaling.Whitened), PropertyFunction.MahalanobisDistance(known) })
        {
            var again = PropertyRegistry.Create(function.Describe());
            foreach (var x in Rows(2, 10))
                Assert.That(again.Evaluate(x, []), Is.EqualTo(function.Evaluate(x, [])));
        }
    }

    [Test]
    public void What_cannot_be_measured_is_refused()
    {
        Assert.That(() => PropertyFunction.NeighbourDistance(Array.Empty<double[]>()), Throws.ArgumentException.With.Message.Contains("at least one row"));
        Assert.That(() => PropertyFunction.NeighbourDistance<double>([[1, 2], [1]]), Throws.ArgumentException.With.Message.Contains("same length"));
        Assert.That(() => PropertyFunction.MahalanobisDistance<double>([[1, double.NaN]]), Throws.ArgumentException.With.Message.Contains("finite"));
        Assert.That(() => PropertyFunction.NeighbourDistance<double>([[1, 2]], 2), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("[1, 1]"));
        Assert.That(() => PropertyFunction.NeighbourDistance<double>([[1, 2]], 1, (FeatureScaling)7), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("FeatureScaling"));
        Assert.That(() => PropertyFunction.NeighbourDistance<double>([[1, 2]]).Evaluate([1], []), Throws.ArgumentException.With.Message.Contains("2 features"));
    }
}
