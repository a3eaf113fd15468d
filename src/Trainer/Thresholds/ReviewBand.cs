using Edge.Training.Evaluation;

namespace Edge.Training.Thresholds;

/// <summary>Where the review band is to begin: one of the three.</summary>
/// <param name="MaxFnr">At most this share of the anomalous parts is accepted without review.</param>
/// <param name="MaxFpr">At most this share of the normal parts is reviewed or rejected.</param>
/// <param name="From">A raw score.</param>
public sealed record ReviewRequest(double? MaxFnr, double? MaxFpr, float? From);

/// <summary>Two thresholds, three verdicts: scores in [<see cref="From"/>, threshold) go to a person.</summary>
/// <param name="AnomalousAccepted">Anomalous pictures below the band: what nobody would look at.</param>
internal sealed record ReviewBand(float From, long NormalReviewed, long AnomalousReviewed, ObservedRate AnomalousAccepted, string Promise)
{
    /// <returns>Null when the threshold alone already gives what was asked for: there is nothing to review.</returns>
    /// <exception cref="EdgeException">The scores don't allow it, or the band would not lie below the threshold.</exception>
    public static ReviewBand? Choose(LabelledScores scores, float threshold, ReviewRequest request)
    {
        if (request.MaxFnr is { } fnr && scores.Anomalous.Length == 0)
            throw new EdgeException($"--review fnr={fnr} needs scores of anomalous parts. Use --review fpr=RATE, which needs normal parts only.");
        if (request.MaxFpr is { } fpr && scores.Normal.Length == 0) throw new EdgeException($"--review fpr={fpr} needs scores of normal parts.");
        foreach (double rate in new[] { request.MaxFnr, request.MaxFpr }.OfType<double>())
            if (rate is not (>= 0 and < 1)) throw new EdgeException($"The rate of --review is {rate}; it must be at least 0 and below 1.");
        if (request.From is { } given && !(given < threshold)) throw new EdgeException($"The review band would begin at {given}, not below the threshold {threshold}.");

        long? allowed = request.MaxFnr is { } r ? ThresholdChooser.Allowed(r, scores.Anomalous.Length) : null;
        float from = request switch
        {
            { From: { } score } => score,
            { MaxFnr: not null } => OperatingCurve.Of(scores).WithMisses(allowed!.Value).Threshold,
            { MaxFpr: { } rate } => OperatingCurve.Of(scores).WithFalseRejects(ThresholdChooser.Allowed(rate, scores.Normal.Length)).Threshold,
            _ => throw new ArgumentException("Nothing is asked for.", nameof(request)),
        };
        if (!float.IsFinite(from)) throw new EdgeException($"The review band would begin at {from}.");
        if (from >= threshold) return null;
        ConfusionMatrix outer = ConfusionMatrix.At(from, scores.Normal, scores.Anomalous), inner = ConfusionMatrix.At(threshold, scores.Normal, scores.Anomalous);
        ObservedRate accepted = ObservedRate.Count(outer.Misses, outer.Anomalous, allowed);
        long normal = outer.FalseRejects - inner.FalseRejects, anomalous = inner.Misses - outer.Misses;
        return new ReviewBand(from, normal, anomalous, accepted,
            outer.Total == 0 ? $"Scores from {from:G6} go to review; chosen by hand, nothing was measured."
            : $"Scores from {from:G6} go to review: {normal} of {outer.Normal} normal and {anomalous} of {outer.Anomalous} anomalous pictures. Without review, {accepted.Words("miss", "misses", "anomalous", "miss rate")}.");
    }
}
