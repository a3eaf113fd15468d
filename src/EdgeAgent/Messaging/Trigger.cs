using System.Buffers;

namespace Edge.Agent.Messaging;

/// <summary>A message on the <c>trigger</c> topic. Strict: it decides what happens to a part.</summary>
internal sealed record Trigger
{
    /// <summary>Bytes; more is no trigger of ours.</summary>
    public const int MaxBytes = 4096;

    public const int MaxIdLength = 64, MaxTextLength = 128, MaxDeadlineMs = 600_000;

    /// <summary>1 to 64 printable ASCII characters without spaces: the line's own name for this inspection.</summary>
    public required string JobId { get; init; }

    public string? PartId { get; init; }
    public string? Recipe { get; init; }

    /// <summary>1 to 600,000.</summary>
    public int? DeadlineMs { get; init; }

    /// <summary>Null, and why, when it is not a trigger.</summary>
    public static Trigger? Parse(ReadOnlySequence<byte> payload, out string? why) => StrictJson.Parse(payload, MaxBytes, MessageJson.Default.Trigger, t => t.WhyInvalid(), out why);

    private string? WhyInvalid() =>
        JobId.Length is 0 or > MaxIdLength || JobId.Any(c => c is <= ' ' or > '~') ? $"jobId must be 1 to {MaxIdLength} printable ASCII characters without spaces"
        : !IsText(PartId) ? $"partId must be at most {MaxTextLength} characters without control characters"
        : !IsText(Recipe) ? $"recipe must be at most {MaxTextLength} characters without control characters"
        : DeadlineMs is < 1 or > MaxDeadlineMs ? $"deadlineMs must be 1 to {MaxDeadlineMs}"
        : null;

    private static bool IsText(string? text) => text is null || (text.Length <= MaxTextLength && !text.Any(char.IsControl));
}
