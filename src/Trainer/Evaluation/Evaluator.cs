using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using OpenCvSharp;

namespace Edge.Training.Evaluation;

/// <summary>Runs a detector over the labelled pictures of a data set, one at a time, in memory that does not grow with them.</summary>
internal static class Evaluator
{
    public const double AuproLimit = 0.3;

    /// <param name="auproLimit">Of <see cref="EvaluationFigures.Aupro"/>; the summary's stays 0.3.</param>
    /// <param name="strict">A picture that can't be decoded is an error instead of being left out.</param>
    /// <param name="seen">Told each picture and its score while its map is still the detector's.</param>
    /// <exception cref="EdgeException">No test pictures, or a score that is not finite; the message names the picture.</exception>
    public static EvaluationResult Run(
        AnomalyDetector detector, Calibration calibration, Dataset dataset, InputSpec input, bool strict, Terminal terminal, CancellationToken ct, double auproLimit = AuproLimit,
        Action<LoadedPicture, float>? seen = null)
    {
        if (dataset.Test.Count == 0) throw new EdgeException($"{dataset.Folder} has no labelled pictures to evaluate on: test/good and test/<defect> are needed.");
        List<PictureScore> scores = new(dataset.Test.Count);
        List<SkippedPicture> skipped = [], unusable = [];
        PixelMetrics pixels = new();
        MaskLoader masks = new(input);
        using Mat labels = new();
        int withoutMask = 0;
        terminal.Progress("evaluating", progress =>
        {
            foreach (LoadedPicture picture in PictureLoader.Stream([.. dataset.Test.OrderBy(p => !p.IsNormal)], input, strict, skipped, terminal, ct))
            {
                string file = picture.Picture.Path;
                picture.Rgb.CopyTo(detector.Input);
                float score = detector.Run();
                if (!float.IsFinite(score)) throw new EdgeException($"The score of {file} is {score}; the model can't be evaluated.");
                scores.Add(new PictureScore(file, picture.Picture.Label, score, Verdict.Uninspected));
                if (picture.Picture.IsNormal) pixels.AddNormal(detector.Map, file);
                else if (picture.Picture.MaskPath is not { } mask) withoutMask++;
                else if (masks.Read(picture, labels, out int regions) is { } reason) unusable.Add(new SkippedPicture(mask, reason));
                else pixels.AddAnomalous(detector.Map, labels, regions, file);
                seen?.Invoke(picture, score);
                progress.Report((double)(scores.Count + skipped.Count) / dataset.Test.Count);
            }
            return scores.Count;
        });
        foreach (SkippedPicture mask in unusable) terminal.Warn($"not in the pixel figures: {mask.Path}: {mask.Reason}");
        if (scores.Count == 0) throw new EdgeException($"None of the {dataset.Test.Count} test pictures of {dataset.Folder} can be read.");
        return Judge(scores, pixels, calibration, auproLimit) with
        {
            Skipped = [.. dataset.Skipped, .. skipped],
            UnusableMasks = unusable,
            WithoutMask = withoutMask,
        };
    }

    /// <summary>The same scores under a calibration, which may be another one than they were first judged by.</summary>
    public static EvaluationResult Judge(IReadOnlyList<PictureScore> scores, PixelMetrics pixels, Calibration calibration, double auproLimit = AuproLimit)
    {
        List<PictureScore> judged = [.. scores.Select(s => s with { Verdict = calibration.Decide(s.Score) })];
        return new EvaluationResult
        {
            Pictures = judged,
            Folders = Folders(judged),
            Summary = Summarise(judged, pixels),
            Figures = Figures(judged, pixels, calibration.Threshold, auproLimit),
            Pixels = pixels,
            Skipped = [],
            UnusableMasks = [],
            WithoutMask = 0,
            Regions = pixels.Regions,
        };
    }

    /// <summary>The normal folder first, then the defects by name.</summary>
    private static List<FolderResult> Folders(List<PictureScore> scores)
    {
        float[] normal = ScoresOf(scores, normal: true);
        return [.. scores.GroupBy(s => s.Label).OrderBy(g => g.Key != Picture.NormalLabel).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g =>
        {
            bool isNormal = g.Key == Picture.NormalLabel;
            int count = g.Count(), rejected = g.Count(s => s.Verdict == Verdict.Reject);
            double accuracy = (double)(isNormal ? count - rejected : rejected) / count;
            return new FolderResult(g.Key, count, rejected, accuracy, isNormal ? null : ImageMetrics.Auroc(normal, [.. g.Select(s => s.Score)]));
        })];
    }

    private static EvaluationSummary Summarise(List<PictureScore> scores, PixelMetrics pixels)
    {
        float[] normal = ScoresOf(scores, normal: true), anomalous = ScoresOf(scores, normal: false);
        return new EvaluationSummary
        {
            Normal = normal.Length,
            Anomalous = anomalous.Length,
            ImageAuroc = ImageMetrics.Auroc(normal, anomalous),
            PixelAuroc = pixels.Auroc(),
            Aupro = pixels.Aupro(AuproLimit),
            F1Max = ImageMetrics.F1Max(normal, anomalous),
            AccuracyByFolder = Folders(scores).ToDictionary(f => f.Label, f => f.Accuracy),
        };
    }

    private static EvaluationFigures Figures(List<PictureScore> scores, PixelMetrics pixels, float threshold, double auproLimit)
    {
        float[] normal = ScoresOf(scores, normal: true), anomalous = ScoresOf(scores, normal: false);
        SortedDictionary<string, string> undefined = new(StringComparer.Ordinal);
        OverlapFigures aupimo = pixels.Aupimo();
        string? image = normal.Length == 0 ? "there are no normal pictures" : anomalous.Length == 0 ? "there are no anomalous pictures" : null;
        string? pixel = pixels.NormalPixels == 0 ? "there are no pixels known to be normal" : pixels.Regions == 0 ? "no anomalous picture has a usable mask" : null;
        if (image is not null) foreach (string name in (string[])["imageAuroc", "averagePrecision", "f1Max", "operatingCurve"]) undefined[name] = image;
        if (pixel is not null) foreach (string name in (string[])["pixelAuroc", "aupro"]) undefined[name] = pixel;
        if (aupimo.Reason is { } reason) undefined["aupimo"] = reason;
        return new EvaluationFigures
        {
            AtThreshold = ClassificationFigures.Of(ConfusionMatrix.At(threshold, normal, anomalous)),
            NormalReviewed = scores.Count(s => s.Verdict == Verdict.Review && s.Label == Picture.NormalLabel),
            AnomalousReviewed = scores.Count(s => s.Verdict == Verdict.Review && s.Label != Picture.NormalLabel),
            ImageAuroc = ImageMetrics.Auroc(normal, anomalous),
            AveragePrecision = ImageMetrics.AveragePrecision(normal, anomalous),
            F1Max = ImageMetrics.F1Max(normal, anomalous),
            PixelAuroc = pixels.Auroc(),
            Aupro = new AuproFigure(pixels.Aupro(auproLimit), auproLimit),
            Aupimo = aupimo,
            Undefined = undefined,
            OperatingCurve = EvaluationFigures.CurveOf(normal, anomalous),
        };
    }

    private static float[] ScoresOf(List<PictureScore> scores, bool normal) =>
        [.. scores.Where(s => s.Label == Picture.NormalLabel == normal).Select(s => s.Score)];
}
