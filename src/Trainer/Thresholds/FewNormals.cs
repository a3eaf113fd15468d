using Edge.Scoring;

namespace Edge.Training.Thresholds;

/// <summary>
/// A threshold where normal pictures are too few to hold any out (<see cref="MostPictures"/>): just above the largest score of pictures that were
/// left out one at a time. It promises nothing: leaving one out has no distribution-free guarantee (Barber et al. 2021, Predictive
/// inference with the jackknife+, give 1 − 2α for a variant, which a handful of pictures makes empty), and says so in the package.
/// </summary>
internal static class FewNormals
{
    public const string LeaveOneOut = "leave-one-out", AlteredCopies = "altered-copies";

    /// <summary>From one picture more on, the usual fifth is enough to hold out.</summary>
    public const int MostPictures = 17;

    private const double Margin = 1e-3;   // what golden images tolerate between processors

    /// <param name="scores">Each picture's, by a model of the others; of a single picture, those of its altered copies.</param>
    /// <param name="pictures">Normal pictures that were trained on.</param>
    public static Calibration Choose(ReadOnlySpan<float> scores, ValueRange heatmapRange, int pictures)
    {
        float largest = float.NegativeInfinity;
        foreach (float score in scores)
            largest = float.IsFinite(score) ? Math.Max(largest, score) : throw new EdgeException($"A normal picture that was left out has the score {score}: no threshold can be chosen from it.");
        return new Calibration
        {
            Method = pictures == 1 ? AlteredCopies : LeaveOneOut,
            Threshold = (float)(largest + Math.Max(Margin * Math.Abs(largest), 1e-6)),
            Promise = "None. " + (pictures == 1
                ? $"With one normal picture nothing is known of how parts differ: the threshold lies above copies of it that are shifted by 4 pixels or 5 % brighter or darker. Expect normal parts to be rejected."
                : $"With {pictures} normal pictures none can be held out: the threshold lies just above the largest of {pictures} leave-one-out scores (each picture by a model of the other {pictures - 1}). As a rule of thumb, not a bound, about one normal part in {pictures + 1} scores higher.")
                + $" {SplitConformal.FewestPictures} normal pictures that were not trained on give a threshold that promises something, {SplitConformal.Needed(SplitConformal.UsualRate)} one for {SplitConformal.UsualRate:P0} (edge-trainer calibrate --method split-conformal).",
            Normals = ScoreStatistics.Of(scores),
            HeatmapRange = heatmapRange,
        };
    }
}
