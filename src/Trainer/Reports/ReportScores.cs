using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using OpenCvSharp;

namespace Edge.Training.Reports;

/// <summary>A picture in the report.</summary>
/// <param name="Score">Raw image score.</param>
/// <param name="Thumbnail">JPEG.</param>
/// <param name="Heatmap">JPEG of the same size.</param>
internal sealed record ReportPicture(string File, string Label, float Score, byte[] Thumbnail, byte[] Heatmap);

/// <summary>The test set's scores, figures and small pictures, from one pass. A few KiB a picture stay in memory.</summary>
internal sealed record ReportScores(
    IReadOnlyList<ReportPicture> Pictures, IReadOnlyList<SkippedPicture> Skipped, IReadOnlyList<SkippedPicture> UnusableMasks, int WithoutMask, long Regions,
    double? PixelAuroc, double? Aupro, double? Aupimo)
{
    public double? ImageAuroc => ImageMetrics.Auroc(Of(normal: true), Of(normal: false));
    public double? AveragePrecision => ImageMetrics.AveragePrecision(Of(normal: true), Of(normal: false));
    public double? F1Max => ImageMetrics.F1Max(Of(normal: true), Of(normal: false));

    /// <exception cref="EdgeException">No picture can be read, or a score is not finite; the message names the picture.</exception>
    public static ReportScores Run(Package package, AnomalyDetector detector, Dataset dataset, bool strict, Terminal terminal, CancellationToken ct) =>
        terminal.Progress("scoring", progress =>
        {
            Manifest manifest = package.Manifest;
            List<ReportPicture> pictures = new(dataset.Test.Count);
            List<SkippedPicture> skipped = [], unusable = [];
            PixelMetrics pixels = new();
            MaskLoader masks = new(manifest.Input);
            using Mat labels = new();
            using Thumbnails thumbnails = new(manifest.Input, manifest.Calibration.HeatmapRange, manifest.Calibration.Pixel?.Threshold);
            int withoutMask = 0;
            // AUPIMO's limits come from normal pictures: they go first.
            foreach (LoadedPicture loaded in PictureLoader.Stream([.. dataset.Test.OrderBy(p => !p.IsNormal)], manifest.Input, strict, skipped, terminal, ct))
            {
                Picture picture = loaded.Picture;
                loaded.Rgb.CopyTo(detector.Input);
                float score = detector.Run();
                if (!float.IsFinite(score)) throw new EdgeException($"The score of {picture.Path} is {score}; the model can't be reported on.");
                if (picture.IsNormal) pixels.AddNormal(detector.Map, picture.Path);
                else if (picture.MaskPath is not { } mask) withoutMask++;
                else if (masks.Read(loaded, labels, out int regions) is { } reason) unusable.Add(new SkippedPicture(mask, reason));
                else pixels.AddAnomalous(detector.Map, labels, regions, picture.Path);
                (byte[] thumbnail, byte[] heatmap) = thumbnails.Encode(loaded, detector.Map);
                pictures.Add(new ReportPicture(picture.Path, picture.Label, score, thumbnail, heatmap));
                progress.Report((double)(pictures.Count + skipped.Count) / dataset.Test.Count);
            }
            if (pictures.Count == 0) throw new EdgeException($"None of the {dataset.Test.Count} test pictures of {dataset.Folder} can be read.");
            return new ReportScores(pictures, skipped, unusable, withoutMask, pixels.Regions, pixels.Auroc(), pixels.Aupro(), pixels.Aupimo().Mean);
        });

    private float[] Of(bool normal) => [.. Pictures.Where(p => p.Label == Picture.NormalLabel == normal).Select(p => p.Score)];
}
