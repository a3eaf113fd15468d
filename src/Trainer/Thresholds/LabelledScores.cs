namespace Edge.Training.Thresholds;

/// <summary>Raw image scores by what the parts really were. All finite.</summary>
internal sealed record LabelledScores
{
    public float[] Normal { get; }
    public float[] Anomalous { get; }

    /// <exception cref="EdgeException">A score is NaN or infinite.</exception>
    public LabelledScores(IEnumerable<float> normal, IEnumerable<float> anomalous)
    {
        (Normal, Anomalous) = ([.. normal], [.. anomalous]);
        RequireFinite(Normal, "normal");
        RequireFinite(Anomalous, "anomalous");
    }

    private static void RequireFinite(float[] scores, string kind)
    {
        for (int i = 0; i < scores.Length; i++)
        {
            if (!float.IsFinite(scores[i]))
                throw new EdgeException($"Score {i + 1} of {scores.Length} {kind} ones is {scores[i]}: no threshold can be chosen from it. Find out why the model gives it, or leave that picture out.");
        }
    }
}
