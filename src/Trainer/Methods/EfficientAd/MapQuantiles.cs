namespace Edge.Training.Methods.EfficientAd;

/// <summary>
/// Map normalisation (EfficientAD, section 3.4): on held-out normal pictures the 0.9 quantile of a map becomes 0 and its 0.995 quantile 0.1, so
/// the two maps can be averaged.
/// </summary>
/// <param name="Low">0.9 quantile.</param>
/// <param name="High">0.995 quantile.</param>
internal sealed record MapQuantiles(float Low, float High)
{
    private const double LowShare = 0.9, HighShare = 0.995, HighValue = 0.1;

    /// <summary>normalised = <see cref="Scale"/> · raw + <see cref="Offset"/>.</summary>
    public float Scale => (float)(HighValue / Math.Max((double)High - Low, 1e-12 + 1e-6 * Math.Abs(Low)));   // a constant map stays finite

    public float Offset => -Low * Scale;

    /// <param name="values">Of the raw maps; sorted here.</param>
    public static MapQuantiles Of(float[] values)
    {
        Array.Sort(values);
        return new MapQuantiles(At(values, LowShare), At(values, HighShare));
    }

    /// <summary>Between two values the quantile moves linearly.</summary>
    private static float At(float[] sorted, double share)
    {
        double position = share * (sorted.Length - 1);
        int below = (int)position;
        double part = position - below;
        return (float)(part == 0 ? sorted[below] : (1 - part) * sorted[below] + part * sorted[below + 1]);
    }
}
