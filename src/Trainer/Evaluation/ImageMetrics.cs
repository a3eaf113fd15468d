namespace Edge.Training.Evaluation;

/// <summary>Figures over image scores. Exact; a score is anomalous when it is at or above a threshold.</summary>
internal static class ImageMetrics
{
    /// <summary>
    /// Area under the ROC curve = P(anomalous &gt; normal) + ½ P(equal), from the rank sum (Mann–Whitney U) with mid-ranks for ties.
    /// </summary>
    /// <returns>Null when one class is missing.</returns>
    public static double? Auroc(ReadOnlySpan<float> normal, ReadOnlySpan<float> anomalous)
    {
        if (normal.IsEmpty || anomalous.IsEmpty) return null;
        (float[] scores, byte[] labels) = Sorted(normal, anomalous);
        double halves = 0;   // twice U: the pairs an anomalous score wins count 2, ties 1; exact in a double up to 2^53
        long below = 0;
        for (int i = 0; i < scores.Length;)
        {
            (int end, long n, long a) = Ties(scores, labels, i);
            halves += a * (2.0 * below + n);
            below += n;
            i = end;
        }
        return halves / (2.0 * normal.Length * anomalous.Length);
    }

    /// <summary>Largest F1 of the anomalous class over all thresholds that are observed scores.</summary>
    /// <returns>Null when nothing is anomalous or nothing is normal: any threshold would do.</returns>
    public static double? F1Max(ReadOnlySpan<float> normal, ReadOnlySpan<float> anomalous)
    {
        if (normal.IsEmpty || anomalous.IsEmpty) return null;
        (float[] scores, byte[] labels) = Sorted(normal, anomalous);
        long hits = anomalous.Length, falseAlarms = normal.Length;
        double best = 0;
        for (int i = 0; i < scores.Length;)
        {
            best = Math.Max(best, 2.0 * hits / (hits + falseAlarms + anomalous.Length));   // 2TP / (2TP + FP + FN)
            (i, long n, long a) = Ties(scores, labels, i);
            (hits, falseAlarms) = (hits - a, falseAlarms - n);
        }
        return best;
    }

    /// <summary>
    /// Σ (recall gained) · precision over all thresholds from the highest score down: the area under the precision-recall curve in
    /// steps, without the optimism of straight lines between its points. Equal scores are one step.
    /// </summary>
    /// <returns>Null when nothing is anomalous or nothing is normal.</returns>
    public static double? AveragePrecision(ReadOnlySpan<float> normal, ReadOnlySpan<float> anomalous)
    {
        if (normal.IsEmpty || anomalous.IsEmpty) return null;
        (float[] scores, byte[] labels) = Sorted(normal, anomalous);
        long hits = anomalous.Length, falseAlarms = normal.Length;
        double sum = 0;
        for (int i = 0; i < scores.Length;)
        {
            double precision = (double)hits / (hits + falseAlarms);
            (i, long n, long a) = Ties(scores, labels, i);
            sum += a * precision;
            (hits, falseAlarms) = (hits - a, falseAlarms - n);
        }
        return sum / anomalous.Length;
    }

    /// <summary>Both classes in one ascending array; 1 marks an anomalous score.</summary>
    private static (float[] Scores, byte[] Labels) Sorted(ReadOnlySpan<float> normal, ReadOnlySpan<float> anomalous)
    {
        float[] scores = [.. normal, .. anomalous];
        byte[] labels = new byte[scores.Length];
        labels.AsSpan(normal.Length).Fill(1);
        foreach (float score in scores)
        {
            if (!float.IsFinite(score)) throw new EdgeException($"A score is {score}; only finite scores can be ranked.");
        }
        Array.Sort(scores, labels);
        return (scores, labels);
    }

    /// <summary>The run of equal scores from <paramref name="start"/>: where it ends, how many are normal and how many anomalous.</summary>
    private static (int End, long Normal, long Anomalous) Ties(float[] scores, byte[] labels, int start)
    {
        long anomalous = 0;
        int end = start;
        for (; end < scores.Length && scores[end] == scores[start]; end++) anomalous += labels[end];
        return (end, end - start - anomalous, anomalous);
    }
}
