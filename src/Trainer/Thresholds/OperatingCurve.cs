using Edge.Training.Evaluation;

namespace Edge.Training.Thresholds;

/// <summary>One of the decisions that the scores allow, and a threshold that makes it.</summary>
internal readonly record struct OperatingPoint(float Threshold, ConfusionMatrix Confusion);

/// <summary>Scores that no threshold may tell apart: <see cref="Low"/> to <see cref="High"/>, equal for a single score.</summary>
internal readonly record struct ScoreGroup(float Low, float High, long Normal, long Anomalous);

/// <summary>
/// Every decision a threshold can make on a set of scores, from "rejects everything" to "rejects nothing". n distinct scores allow
/// n + 1 decisions. <c>score &gt;= threshold</c> rejects.
/// <para>
/// A threshold lies midway between the largest accepted and the smallest rejected score. On the smallest rejected score itself
/// it would decide the same today, but graphs round differently on another processor (golden images allow 1e-3): that very
/// part would then be accepted. Midway is as far from every flip as this decision allows. Where two scores are neighbouring
/// floats, only the upper one is left. Beyond the extremes the distance is 1e-3 of the score. Thresholds are floats and are
/// written with all the digits a float needs, so reading a manifest gives back the same bits.
/// </para>
/// </summary>
internal sealed class OperatingCurve
{
    private const float Margin = 1e-3f;   // relative; what golden images tolerate between processors
    private readonly OperatingPoint[] points;

    /// <summary>Ascending thresholds.</summary>
    public IReadOnlyList<OperatingPoint> Points => points;
    public long Normal { get; }
    public long Anomalous { get; }

    private OperatingCurve(OperatingPoint[] points, long normal, long anomalous) => (this.points, Normal, Anomalous) = (points, normal, anomalous);

    /// <exception cref="EdgeException">No scores at all.</exception>
    public static OperatingCurve Of(LabelledScores scores)
    {
        float[] all = [.. scores.Normal, .. scores.Anomalous];
        byte[] labels = new byte[all.Length];
        labels.AsSpan(scores.Normal.Length).Fill(1);
        Array.Sort(all, labels);
        List<ScoreGroup> groups = [];
        for (int i = 0; i < all.Length;)
        {
            int start = i;
            long anomalous = 0;
            for (; i < all.Length && all[i] == all[start]; i++) anomalous += labels[i];
            groups.Add(new ScoreGroup(all[start], all[start], i - start - anomalous, anomalous));
        }
        return Of(groups);
    }

    /// <param name="ascending">At least one group, lowest first.</param>
    public static OperatingCurve Of(IReadOnlyList<ScoreGroup> ascending)
    {
        if (ascending.Count == 0) throw new EdgeException("There are no scores to choose a threshold from.");
        long normal = ascending.Sum(g => g.Normal), anomalous = ascending.Sum(g => g.Anomalous), accepted = 0, missed = 0;
        List<OperatingPoint> points = new(ascending.Count + 1);
        for (int cut = 0; cut <= ascending.Count; cut++)
        {
            float threshold =
                cut == 0 ? Math.Max(ascending[0].Low - MarginOf(ascending[0].Low), -float.MaxValue)
                : cut == ascending.Count ? ascending[^1].High + MarginOf(ascending[^1].High)
                : Between(ascending[cut - 1].High, ascending[cut].Low);
            // Nothing finite lies above float.MaxValue: then no threshold accepts everything.
            if (float.IsFinite(threshold)) points.Add(new OperatingPoint(threshold, new ConfusionMatrix(accepted, normal - accepted, missed, anomalous - missed)));
            if (cut < ascending.Count) (accepted, missed) = (accepted + ascending[cut].Normal, missed + ascending[cut].Anomalous);
        }
        return new OperatingCurve([.. points], normal, anomalous);
    }

    /// <summary>Midway, above <paramref name="accepted"/> and at most <paramref name="rejected"/>.</summary>
    private static float Between(float accepted, float rejected)
    {
        float middle = (float)(((double)accepted + rejected) / 2);
        return middle > accepted ? middle : rejected;
    }

    private static float MarginOf(float score) => Math.Max(Margin * Math.Abs(score), 1e-6f);

    /// <summary>Smallest cost; of equal ones the lowest threshold, which misses least.</summary>
    public OperatingPoint Best(Func<ConfusionMatrix, double> cost)
    {
        OperatingPoint best = points[0];
        double least = double.PositiveInfinity;
        foreach (OperatingPoint point in points)
        {
            double c = cost(point.Confusion);
            if (c < least) (best, least) = (point, c);
        }
        return best;
    }

    /// <summary>The lowest threshold with at most so many false rejects.</summary>
    public OperatingPoint WithFalseRejects(long atMost) =>
        points.Where(p => p.Confusion.FalseRejects <= atMost).Select(p => (OperatingPoint?)p).FirstOrDefault()
        ?? throw new EdgeException($"No finite threshold keeps the false rejects at or below {atMost}: there are scores of {float.MaxValue}.");

    /// <summary>The highest threshold with at most so many misses.</summary>
    public OperatingPoint WithMisses(long atMost) => points.Last(p => p.Confusion.Misses <= atMost);
}
