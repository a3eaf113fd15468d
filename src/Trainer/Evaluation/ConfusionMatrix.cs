using System.Text.Json.Serialization;

namespace Edge.Training.Evaluation;

/// <summary>
/// Decisions at one threshold, counted. Anomalous is the positive class: false rejects are false positives (overkill), misses
/// are false negatives (escapes). Figures are null, not NaN, where nothing was counted that they could be about.
/// </summary>
/// <param name="TrueAccepts">Normal and below the threshold.</param>
/// <param name="FalseRejects">Normal and at or above it.</param>
/// <param name="Misses">Anomalous and below it.</param>
/// <param name="TrueRejects">Anomalous and at or above it.</param>
public readonly record struct ConfusionMatrix(long TrueAccepts, long FalseRejects, long Misses, long TrueRejects)
{
    [JsonIgnore] public long Normal => TrueAccepts + FalseRejects;
    [JsonIgnore] public long Anomalous => Misses + TrueRejects;
    [JsonIgnore] public long Total => Normal + Anomalous;

    [JsonIgnore] public double? Accuracy => Share(TrueAccepts + TrueRejects, Total);

    /// <summary>Mean of specificity and recall (balanced accuracy): both classes count the same, however many of each there are.</summary>
    [JsonIgnore] public double? MeanAccuracy => (Specificity + Recall) / 2;

    /// <summary>Of what is rejected, how much is anomalous.</summary>
    [JsonIgnore] public double? Precision => Share(TrueRejects, TrueRejects + FalseRejects);

    /// <summary>True positive rate: of what is anomalous, how much is rejected.</summary>
    [JsonIgnore] public double? Recall => Share(TrueRejects, Anomalous);

    /// <summary>True negative rate: of what is normal, how much is accepted.</summary>
    [JsonIgnore] public double? Specificity => Share(TrueAccepts, Normal);

    [JsonIgnore] public double? F1 => Share(2 * TrueRejects, 2 * TrueRejects + FalseRejects + Misses);

    /// <summary>False reject rate.</summary>
    [JsonIgnore] public double? FalsePositiveRate => Share(FalseRejects, Normal);

    /// <summary>Miss rate.</summary>
    [JsonIgnore] public double? FalseNegativeRate => Share(Misses, Anomalous);

    public static ConfusionMatrix At(float threshold, ReadOnlySpan<float> normal, ReadOnlySpan<float> anomalous)
    {
        long falseRejects = Rejected(normal, threshold), trueRejects = Rejected(anomalous, threshold);
        return new ConfusionMatrix(normal.Length - falseRejects, falseRejects, anomalous.Length - trueRejects, trueRejects);
    }

    /// <summary>The one tie rule: a score equal to the threshold is rejected.</summary>
    private static long Rejected(ReadOnlySpan<float> scores, float threshold)
    {
        long count = 0;
        foreach (float score in scores) if (score >= threshold) count++;
        return count;
    }

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}
