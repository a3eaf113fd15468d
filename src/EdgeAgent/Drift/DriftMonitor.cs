using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Drift;

internal enum DriftCause
{
    None = 0,

    /// <summary>The scores have changed and the pictures' light and sharpness have not.</summary>
    Product,

    /// <summary>Light or sharpness of the pictures have changed too.</summary>
    Camera,
}

/// <summary>Drift of one model's scores on one station, beside the pictures' light and sharpness. Not thread-safe.</summary>
internal sealed class DriftMonitor
{
    /// <summary>Evidence at which light or sharpness count as changed, when the scores are flagged: a thousand parts between two errors, on average at least.</summary>
    private const double Moved = 1000;

    private readonly ChangeDetector? scores;
    private readonly LearningDetector brightness, sharpness;

    public DriftMonitor(Manifest model, double limit, MonitorState? kept = null)
    {
        Model = model;
        if (kept?.Digest != Digest(model)) kept = null;
        Calibration calibration = model.Calibration;
        ReferenceBins? bins = ReferenceBins.Of(calibration.Normals, Math.Min(calibration.ReviewFrom ?? calibration.Threshold, calibration.Threshold));
        scores = bins is null ? null : new ChangeDetector(bins, limit, kept?.Scores);
        brightness = kept is null ? new LearningDetector(limit) : new LearningDetector(limit, kept.Brightness);
        sharpness = kept is null ? new LearningDetector(limit) : new LearningDetector(limit, kept.Sharpness);
        (Parts, Cause, Since) = (kept?.Parts ?? 0, kept?.Cause ?? DriftCause.None, kept?.Since);
    }

    public Manifest Model { get; }

    /// <summary>Accepted parts judged so far.</summary>
    public long Parts { get; private set; }

    /// <summary>None = no drift.</summary>
    public DriftCause Cause { get; private set; }

    public DateTimeOffset? Since { get; private set; }

    /// <summary>False: the package's normal scores do not differ, nothing can be said.</summary>
    public bool CanTell => scores is not null;

    public Direction Direction => Cause == DriftCause.None ? Direction.None : scores!.Direction;
    public double ScoreEvidence => scores?.Evidence ?? 0;
    public double BrightnessEvidence => brightness.Evidence;
    public double SharpnessEvidence => sharpness.Evidence;

    public MonitorState State => new(Digest(Model), Parts, Cause, Since, scores?.State, brightness.State, sharpness.State);

    /// <param name="picture">The model's input as it was seen; null = not looked at.</param>
    /// <returns><see cref="Cause"/> has changed.</returns>
    public bool Observe(Verdict verdict, float score, PictureQuality? picture, DateTimeOffset at)
    {
        if (picture is { } seen)
        {
            brightness.Observe(seen.Brightness);
            sharpness.Observe(seen.Sharpness);
        }
        if (verdict == Verdict.Accept && scores is not null)
        {
            Parts++;
            scores.Observe(score);
        }
        DriftCause now = scores is not { Flagged: true } ? DriftCause.None : brightness.Evidence >= Moved || sharpness.Evidence >= Moved ? DriftCause.Camera : DriftCause.Product;
        if (now == Cause) return false;
        if (Cause == DriftCause.None || now == DriftCause.None) Since = now == DriftCause.None ? null : at;
        Cause = now;
        return true;
    }

    /// <summary>What the scores depend on: another of any of these is another distribution.</summary>
    private static string Digest(Manifest model) => FormattableString.Invariant($"{model.Name}/{model.Version} {model.Files["model.onnx"]} {model.Calibration.Threshold:R} {model.Calibration.ReviewFrom:R} {model.Calibration.Normals.Count}");
}

/// <param name="Digest">Which model, with which threshold.</param>
internal sealed record MonitorState(string Digest, long Parts, DriftCause Cause, DateTimeOffset? Since, DetectorState? Scores, LearningState Brightness, LearningState Sharpness);
