using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Evaluation;
using Edge.Training.Thresholds;

namespace Edge.Training.Runs;

/// <summary>What shall change; null = stays as it is.</summary>
/// <param name="NoReview">The review band goes.</param>
/// <param name="NoPixel">The pixel threshold goes.</param>
public sealed record CalibrationRequest(
    ThresholdRequest? Threshold = null, ReviewRequest? Review = null, bool NoReview = false, PixelRequest? Pixel = null, bool NoPixel = false)
{
    public bool ChangesNothing => this is { Threshold: null, Review: null, NoReview: false, Pixel: null, NoPixel: false };
}

/// <summary>What a calibration does to the parts it was tried on.</summary>
/// <param name="Parts">Known and unknown ones.</param>
/// <param name="Confusion">Of the known ones.</param>
internal sealed record TrialResult(float Threshold, float? ReviewFrom, int Parts, int Rejected, int Reviewed, ConfusionMatrix Confusion)
{
    public static TrialResult Of(Calibration calibration, CalibrationSource source)
    {
        int rejected = 0, reviewed = 0;
        foreach (float score in source.All)
        {
            Verdict verdict = calibration.Decide(score);
            if (verdict == Verdict.Reject) rejected++;
            else if (verdict == Verdict.Review) reviewed++;
        }
        return new TrialResult(calibration.Threshold, calibration.ReviewFrom, source.All.Length, rejected, reviewed,
            ConfusionMatrix.At(calibration.Threshold, source.Labelled.Normal, source.Labelled.Anomalous));
    }
}

/// <param name="Calibration">As it is to be; equal to the package's when nothing changes.</param>
/// <param name="Evaluation">Of the manifest: figures of this data where it has both classes; else the old ones without those that belong to the old threshold.</param>
internal sealed record CalibrationResult(
    Calibration Calibration, EvaluationSummary? Evaluation, ThresholdChoice? Choice, ReviewBand? Review, TrialResult Before, TrialResult After, IReadOnlyList<string> Notes);

/// <summary>From a request to a calibration. Writes nothing.</summary>
internal static class CalibrationRun
{
    /// <exception cref="EdgeException">The scores do not allow it; the message says the way out.</exception>
    public static CalibrationResult Execute(Package package, CalibrationSource source, CalibrationRequest request)
    {
        Calibration old = package.Manifest.Calibration, calibration = old;
        List<string> notes = source.Uninspected == 0 ? [] : [$"{source.Uninspected} uninspected parts have no score and are left out."];
        if (source.OtherModels > 0) notes.Add($"{source.OtherModels} parts were scored by another model and are left out: their scores can't be compared.");
        ThresholdChoice? choice = null;
        if (request.Threshold is { } threshold)
        {
            if (source.Pictures.Count == 0 && source.Unlabelled > 0 && threshold.Method != ThresholdMethod.Fixed)
                throw new EdgeException($"None of the {source.Unlabelled} scores has a label: no threshold can be chosen from parts nobody knows. Add a label column (good, or the defect's name), or try a threshold with --threshold SCORE.");
            choice = ThresholdChooser.Choose(source.Labelled, threshold);
            calibration = calibration with
            {
                Method = choice.Method,
                Threshold = choice.Threshold,
                FalseRejectRate = choice.FalseRejectRate,
                Promise = choice.Promise,
                Normals = source.Labelled.Normal.Length > 0 ? ScoreStatistics.Of(source.Labelled.Normal) : old.Normals,
                Data = source.Pictures.Count > 0 ? source.Data : null,
            };
            // Split-conformal lies one float above a held-out score on purpose: its promise is about parts to come.
            if (choice.WithinRounding > 0 && choice.Method != ThresholdMethod.SplitConformal)
                notes.Add($"{choice.WithinRounding} {(choice.WithinRounding == 1 ? "score lies" : "scores lie")} within 0.1 % of the threshold: another processor may round to the other side.");
        }
        ReviewBand? review = null;
        if (request.Review is { } band)
        {
            review = ReviewBand.Choose(source.Labelled, calibration.Threshold, band);
            calibration = calibration with { ReviewFrom = review?.From, ReviewPromise = review?.Promise };
            if (review is null) notes.Add("The threshold alone gives what the review band was asked for: there is no band.");
        }
        else if (request.NoReview || calibration.ReviewFrom >= calibration.Threshold)
        {
            if (old.ReviewFrom is not null) notes.Add($"The review band from {old.ReviewFrom:G6} is dropped{(request.NoReview ? "" : ": it would not lie below the new threshold")}.");
            calibration = calibration with { ReviewFrom = null, ReviewPromise = null };
        }
        else if (choice is not null && calibration.ReviewFrom is { } kept)
        {
            review = ReviewBand.Choose(source.Labelled, calibration.Threshold, new ReviewRequest(null, null, kept));
            calibration = calibration with { ReviewPromise = review?.Promise };
            notes.Add($"The review band still begins at {kept:G6} (--review none drops it).");
        }
        if (request.Pixel is { } pixel) calibration = calibration with { Pixel = PixelChoice.Choose(source.Pixels, pixel) };
        else if (request.NoPixel) calibration = calibration with { Pixel = null };
        if (!request.ChangesNothing) calibration = calibration with { DerivedFrom = package.Manifest.Version };
        EvaluationSummary? evaluation = source.HasBothClasses ? Evaluator.Judge(source.Pictures, source.Pixels, calibration).Summary
            : package.Manifest.Evaluation is { } known && calibration.Threshold != old.Threshold ? known with { AccuracyByFolder = new Dictionary<string, double>() }
            : package.Manifest.Evaluation;
        return new CalibrationResult(calibration, evaluation, choice, review, TrialResult.Of(old, source), TrialResult.Of(calibration, source), notes);
    }

    /// <summary>One row for each method, with the reason where a method can't choose.</summary>
    public static IReadOnlyList<MethodRow> All(CalibrationSource source, ThresholdRequest settings) =>
        [.. ThresholdMethod.All.Select(method =>
        {
            try
            {
                return new MethodRow(method, ThresholdChooser.Choose(source.Labelled, settings with { Method = method }), null);
            }
            catch (EdgeException e)
            {
                return new MethodRow(method, null, e.Message);
            }
        })];
}
