namespace Edge.Agent.Drift;

/// <summary>A change detector whose reference is the first <see cref="Sample"/> values that it sees: for figures that the package has no statistics of.</summary>
internal sealed class LearningDetector(double limit)
{
    public const int Sample = 200;

    private double[]? first = new double[Sample];
    private int seen;
    private ChangeDetector? detector;

    public LearningDetector(double limit, LearningState kept) : this(limit)
    {
        seen = Math.Min(kept.First.Length, Sample);
        kept.First.AsSpan(0, seen).CopyTo(first);
        if (kept.Detector is not { } state) return;
        (detector, first) = (new ChangeDetector(new ReferenceBins(state.Edges, state.Slots), limit, state), null);
    }

    /// <summary>0 while it learns.</summary>
    public double Evidence => detector?.Evidence ?? 0;

    public LearningState State => new(first is null ? [] : first[..seen], detector?.State);

    public void Observe(double value)
    {
        if (!double.IsFinite(value)) return;
        if (first is null)
        {
            detector?.Observe(value);
            return;
        }
        first[seen++] = value;
        if (seen < Sample) return;
        detector = ReferenceBins.Of(first) is { } bins ? new ChangeDetector(bins, limit) : null;   // none: all the same, as a synthetic picture is
        first = null;
    }
}

/// <param name="First">Values so far; empty once there is a detector.</param>
internal sealed record LearningState(double[] First, DetectorState? Detector);
