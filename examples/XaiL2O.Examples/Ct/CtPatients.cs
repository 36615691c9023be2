namespace XaiL2O.Examples;

/// <summary>
/// Which patient each slice of the training file is of, and what the patients are for. The test file's 18 slices are of ten others.
/// </summary>
/// <remarks>
/// A limit at a level of 5 % needs 19 patients: the largest of N values, one of each patient, is exceeded by that of a new one in one of N + 1 cases. So 19 calibrate, three choose weights, and
/// training has the other twelve, among them the six that the models shipped so far were trained on. Patients with one slice calibrate, since more slices of one patient would not count.
/// </remarks>
internal static class CtPatients
{
    /// <summary>Of slices 0 to 43; the others are of the last two patients, 93 and 25 slices.</summary>
    private static readonly int[] OfFirst =
    [
        1, 2, 3, 4, 5, 6, 5, 7, 8, 9, 10, 11, 8, 12, 13, 14, 15, 16, 17, 18, 18, 19, 19, 20, 21, 22, 23, 24, 14, 25, 26, 21, 27, 28, 11, 7, 26, 29, 30, 29, 29, 31, 32, 11,
    ];

    private const int FirstOfLast = 137;

    public const int Count = 34;

    /// <summary>Scans are drawn patient by patient, so that the two with many slices count as much as the others.</summary>
    public static readonly int[] Training = [5, 7, 8, 11, 14, 18, 19, 29, 31, 32, 33, 34];

    public static readonly int[] Validation = [1, 21, 26];

    public static readonly int[] Calibration = [.. Enumerable.Range(1, Count).Except(Training).Except(Validation)];

    /// <summary>The patient of a slice of the training file.</summary>
    public static int Of(int slice) => slice < OfFirst.Length ? OfFirst[slice] : slice < FirstOfLast ? 33 : 34;
}
