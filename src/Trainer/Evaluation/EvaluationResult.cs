using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Data;

namespace Edge.Training.Evaluation;

/// <summary>What the model said about one picture.</summary>
/// <param name="Score">Raw image score.</param>
public sealed record PictureScore(string File, string Label, float Score, Verdict Verdict);

/// <summary>One folder of the test set.</summary>
/// <param name="Rejected">Pictures with score &gt;= threshold.</param>
/// <param name="Accuracy">Right verdicts: a normal picture that is not rejected, an anomalous one that is. A review is no reject.</param>
/// <param name="Auroc">Of this defect against all normal pictures; null for the normal pictures themselves, or without any.</param>
public sealed record FolderResult(string Label, int Pictures, int Rejected, double Accuracy, double? Auroc);

/// <summary>Figures at the package's threshold, and over all thresholds.</summary>
internal sealed record EvaluationResult
{
    public required IReadOnlyList<PictureScore> Pictures { get; init; }
    public required IReadOnlyList<FolderResult> Folders { get; init; }

    /// <summary>The few figures the manifest keeps; AUPRO up to 0.3.</summary>
    public required EvaluationSummary Summary { get; init; }

    public required EvaluationFigures Figures { get; init; }

    /// <summary>What the maps said about pixels, for a pixel threshold.</summary>
    public required PixelMetrics Pixels { get; init; }

    /// <summary>Pictures that could not be decoded.</summary>
    public required IReadOnlyList<SkippedPicture> Skipped { get; init; }

    /// <summary>Masks that say nothing (empty, another size, unreadable): their pictures count for image figures, not for pixel figures.</summary>
    public required IReadOnlyList<SkippedPicture> UnusableMasks { get; init; }

    /// <summary>Anomalous pictures without a mask: likewise.</summary>
    public required int WithoutMask { get; init; }

    /// <summary>Anomalous regions that the pixel figures are about.</summary>
    public required long Regions { get; init; }

    /// <summary>Raw scores of normal, or of anomalous pictures.</summary>
    public float[] ScoresOf(bool normal) => [.. Pictures.Where(p => p.Label == Picture.NormalLabel == normal).Select(p => p.Score)];

    public int FalseRejects => Pictures.Count(p => p.Label == Picture.NormalLabel && p.Verdict == Verdict.Reject);
    public int Misses => Pictures.Count(p => p.Label != Picture.NormalLabel && p.Verdict != Verdict.Reject);
}
