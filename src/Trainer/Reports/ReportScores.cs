using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;

namespace Edge.Training.Reports;

/// <summary>A picture in the report.</summary>
/// <param name="Score">Raw image score.</param>
/// <param name="Thumbnail">JPEG.</param>
/// <param name="Heatmap">JPEG of the same size.</param>
internal sealed record ReportPicture(string File, string Label, float Score, byte[] Thumbnail, byte[] Heatmap);

/// <summary>The test set's scores, figures and small pictures, from one pass. A few KiB a picture stay in memory.</summary>
/// <param name="Skipped">Pictures that could not be used, those that the data set had left out included.</param>
internal sealed record ReportScores(
    IReadOnlyList<ReportPicture> Pictures, IReadOnlyList<SkippedPicture> Skipped, IReadOnlyList<SkippedPicture> UnusableMasks, int WithoutMask, long Regions,
    EvaluationFigures Figures)
{
    /// <exception cref="EdgeException">No picture can be read, or a score is not finite; the message names the picture.</exception>
    public static ReportScores Run(Package package, AnomalyDetector detector, Dataset dataset, bool strict, Terminal terminal, CancellationToken ct)
    {
        Manifest manifest = package.Manifest;
        List<ReportPicture> pictures = new(dataset.Test.Count);
        using Thumbnails thumbnails = new(manifest.Input, manifest.Calibration.HeatmapRange, manifest.Calibration.Pixel?.Threshold);
        EvaluationResult result = Evaluator.Run(detector, manifest.Calibration, dataset, manifest.Input, strict, terminal, ct, seen: (loaded, score) =>
        {
            (byte[] thumbnail, byte[] heatmap) = thumbnails.Encode(loaded, detector.Map);
            pictures.Add(new ReportPicture(loaded.Picture.Path, loaded.Picture.Label, score, thumbnail, heatmap));
        });
        return new ReportScores(pictures, result.Skipped, result.UnusableMasks, result.WithoutMask, result.Regions, result.Figures);
    }
}
