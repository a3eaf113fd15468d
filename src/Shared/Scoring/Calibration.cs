namespace Edge.Scoring;

/// <summary>
/// How a raw image score becomes a verdict. Data of the package: it can be changed without training again.
/// </summary>
public sealed record Calibration
{
    /// <summary>How the threshold was chosen, e.g. <c>split-conformal</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Raw image score. <c>score &gt;= threshold</c> rejects.</summary>
    public required float Threshold { get; init; }

    /// <summary>The false reject rate that was asked for, (0, 1); null when the method promises none.</summary>
    public double? FalseRejectRate { get; init; }

    /// <summary>What the threshold promises, in words a quality engineer can sign.</summary>
    public string? Promise { get; init; }

    /// <summary>Raw image scores of the held-out normal pictures.</summary>
    public required ScoreStatistics Normals { get; init; }

    /// <summary>Anomaly map values that the heatmap shows as 0 and as 1. For display only: no verdict looks at it.</summary>
    public required ValueRange HeatmapRange { get; init; }

    /// <summary>Scores in [reviewFrom, threshold) are sent to review; null = no review band.</summary>
    public float? ReviewFrom { get; init; }

    /// <summary>What the review band does and promises; null without one.</summary>
    public string? ReviewPromise { get; init; }

    /// <summary>Contour of what is anomalous in a map. For display only: no verdict looks at it. null = none was chosen.</summary>
    public PixelThreshold? Pixel { get; init; }

    /// <summary>What the threshold was chosen with; null = the manifest's data set, in training, or nothing at all (by hand).</summary>
    public CalibrationData? Data { get; init; }

    /// <summary>The version that this one was derived from: the same graph with another calibration, or a memory bank with more rows; null = trained.</summary>
    public int? DerivedFrom { get; init; }

    /// <summary>Verdict for a raw score. NaN and infinities are never accepted: they are <see cref="Verdict.Uninspected"/>.</summary>
    public Verdict Decide(float score) =>
        !float.IsFinite(score) ? Verdict.Uninspected
        : score >= Threshold ? Verdict.Reject
        : score >= ReviewFrom ? Verdict.Review
        : Verdict.Accept;

    /// <summary>Where a raw score lies on a scale that all models share: 0 is the average normal part, 1 the threshold. Not finite when these are the same.</summary>
    public double Position(float score) => (score - Normals.Mean) / (Threshold - Normals.Mean);
}

/// <summary>Closed interval of raw values.</summary>
public sealed record ValueRange(float Low, float High);

/// <param name="Method">How it was chosen, e.g. <c>max-fpr</c>.</param>
/// <param name="Threshold">Raw map value; at or above it a pixel is shown as anomalous.</param>
/// <param name="Promise">What it does to the pixels it was chosen with.</param>
public sealed record PixelThreshold(string Method, float Threshold, string Promise);

/// <param name="Source"><c>pictures</c>, or <c>scores</c> read from a file.</param>
/// <param name="Digest">SHA-256 over the sorted SHA-256 of the pictures, or of the file.</param>
/// <param name="Normal">Normal parts among them.</param>
/// <param name="Anomalous">Anomalous parts among them.</param>
public sealed record CalibrationData(string Source, string Digest, int Normal, int Anomalous);

/// <summary>Distribution of raw scores: enough to see drift later without keeping the pictures.</summary>
/// <param name="Count">Pictures.</param>
/// <param name="Quantiles">Scores at 0, 1, 5, 10, 25, 50, 75, 90, 95, 99 and 100 %, linear interpolation between order statistics.</param>
public sealed record ScoreStatistics(int Count, double Mean, double StandardDeviation, IReadOnlyList<double> Quantiles)
{
    /// <summary>The levels of <see cref="Quantiles"/>, as fractions.</summary>
    public static IReadOnlyList<double> Levels { get; } = [0, 0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99, 1];

    /// <summary>Statistics of <paramref name="scores"/>; the standard deviation is the sample's (n − 1), 0 for one score.</summary>
    /// <exception cref="EdgeException">No scores, or one that is not a finite number.</exception>
    public static ScoreStatistics Of(ReadOnlySpan<float> scores)
    {
        if (scores.IsEmpty) throw new EdgeException("No scores to describe.");
        double[] sorted = new double[scores.Length];
        double sum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            if (!float.IsFinite(scores[i])) throw new EdgeException($"Score {i} of {scores.Length} is {scores[i]}; only finite scores can be calibrated.");
            sum += sorted[i] = scores[i];
        }
        Array.Sort(sorted);
        double mean = sum / sorted.Length, squares = 0;
        foreach (double s in sorted) squares += (s - mean) * (s - mean);
        double deviation = sorted.Length > 1 ? Math.Sqrt(squares / (sorted.Length - 1)) : 0;
        return new ScoreStatistics(sorted.Length, mean, deviation, [.. Levels.Select(level => Quantile(sorted, level))]);
    }

    private static double Quantile(double[] sorted, double level)
    {
        double position = level * (sorted.Length - 1);
        int below = (int)position;
        double above = sorted[Math.Min(below + 1, sorted.Length - 1)];
        return sorted[below] + (position - below) * (above - sorted[below]);
    }
}
