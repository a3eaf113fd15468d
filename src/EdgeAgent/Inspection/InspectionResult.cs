using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>Where a part's time went, as ticks of the <see cref="TimeProvider"/>'s clock.</summary>
/// <param name="Wait">In queues: for the camera and for the model.</param>
internal readonly record struct StageTimes(long Wait, long Acquire, long Preprocess, long Infer);

/// <summary>What was decided about one part. Immutable; a job takes one and keeps it.</summary>
internal sealed record InspectionResult
{
    public required Verdict Verdict { get; init; }

    /// <summary><see cref="Reason.None"/> unless the verdict is uninspected.</summary>
    public Reason Reason { get; init; }

    /// <summary>Raw image score; NaN when there is none.</summary>
    public float Score { get; init; } = float.NaN;

    /// <summary>Of the model that scored; null when none did.</summary>
    public Manifest? Model { get; init; }

    public StageTimes Times { get; init; }

    /// <summary>End of the exposure, UTC; null when there was no frame.</summary>
    public DateTimeOffset? CapturedAt { get; init; }

    /// <summary>Name of the frame where its source has one (the file's name).</summary>
    public string? Frame { get; init; }

    /// <summary>Timestamp of the decision.</summary>
    public required long DecidedAt { get; init; }
}
