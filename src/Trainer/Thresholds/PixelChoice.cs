using Edge.Scoring;
using Edge.Training.Evaluation;

namespace Edge.Training.Thresholds;

/// <summary>How to choose a pixel threshold: a method, or a raw map value.</summary>
public sealed record PixelRequest(ThresholdRequest? Request, float? Value)
{
    /// <summary>Share of normal pixels that may be above, when none is asked for.</summary>
    public const double UsualFpr = 0.001;
}

/// <summary>A pixel threshold from the histogram of all map values, see <see cref="ScoreHistogram"/>: no map is kept.</summary>
internal static class PixelChoice
{
    /// <exception cref="EdgeException">No maps, or no masks where the method needs them.</exception>
    public static PixelThreshold Choose(PixelMetrics pixels, PixelRequest request)
    {
        OperatingCurve? curve = pixels.Curve();
        if (request.Value is { } value) return new PixelThreshold(ThresholdMethod.Fixed, value, "Chosen by hand.");
        ThresholdRequest r = request.Request!.Check();
        if (curve is null) throw new EdgeException("--pixel needs anomaly maps: give pictures with --data.");
        if (r.Method is ThresholdMethod.SplitConformal)
            throw new EdgeException($"Pixels of one picture are not independent: there is no split-conformal pixel threshold. Normal pictures are enough for --pixel {ThresholdMethod.MaxFpr}=RATE.");
        if (curve.Normal == 0) throw new EdgeException("--pixel needs normal pixels, and none is known: add normal pictures or masks.");
        if (curve.Anomalous == 0 && r.Method != ThresholdMethod.MaxFpr)
            throw new EdgeException($"--pixel {r.Method} needs masks of anomalous pictures. Without masks use --pixel {ThresholdMethod.MaxFpr}=RATE, which needs normal pixels only.");
        (float threshold, ConfusionMatrix c) = ThresholdChooser.Pick(curve, r);
        string found = c.Recall is { } recall ? $" and {ObservedRate.Percent(recall)} of {c.Anomalous} anomalous ones" : "";
        return new PixelThreshold(r.Method, threshold,
            $"{ObservedRate.Percent(c.FalsePositiveRate!.Value)} of {c.Normal} normal pixels{found} lie at or above it, in the pictures it was chosen with. Pixels of one picture are not independent: no confidence is stated.");
    }
}
