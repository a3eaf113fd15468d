using Edge.Imaging;

namespace Edge.Agent.Capture;

/// <summary>One picture of one part. Reused: it belongs to the stage that holds it and goes back to the station's pool.</summary>
internal sealed class Frame
{
    public ImageBuffer Image { get; } = new();

    /// <summary>Where it came from, e.g. the file's name; null when the source has no such name.</summary>
    public string? Label { get; set; }

    /// <summary>When it was exposed, or arrived, as the source knows it, UTC; null = now.</summary>
    public DateTimeOffset? CapturedAt { get; set; }

    /// <summary>Exposures before this one whose pictures were lost.</summary>
    public int Missed { get; set; }

    public void Clear() => (Label, CapturedAt, Missed) = (null, null, 0);
}
