namespace Edge.Agent.Shadow;

/// <summary>Mean, spread and correlation of two series, one pair after the other, without their squares' cancellation (Welford 1962).</summary>
internal sealed class PositionMoments
{
    private long n;
    private double meanX, meanY, xx, yy, xy;   // sums of (x − mean x)², …

    public PositionMoments() { }

    /// <summary>Goes on where they were.</summary>
    public PositionMoments(ShadowScores before)
    {
        (n, meanX, meanY) = (before.Parts, before.RunningMean, before.CandidateMean);
        (xx, yy) = (n * before.RunningDeviation * before.RunningDeviation, n * before.CandidateDeviation * before.CandidateDeviation);
        xy = (before.Correlation ?? 0) * Math.Sqrt(xx * yy);
    }

    public void Add(double x, double y)
    {
        n++;
        double dx = x - meanX, dy = y - meanY;
        meanX += dx / n;
        meanY += dy / n;
        xx += dx * (x - meanX);
        yy += dy * (y - meanY);
        xy += dx * (y - meanY);
    }

    /// <summary>x of the running model, y of the candidate; deviations of the population (n).</summary>
    public ShadowScores Scores => n == 0 ? new ShadowScores(0, 0, 0, 0, 0, 0, null) : new ShadowScores(
        n, meanX, Math.Sqrt(xx / n), meanY, Math.Sqrt(yy / n), meanY - meanX, xx > 0 && yy > 0 ? Math.Clamp(xy / Math.Sqrt(xx * yy), -1, 1) : null);
}
