using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Whether the camera still sees what it saw when it was set up.</summary>
internal sealed class HealthOptions
{
    /// <summary>
    /// Folder of at least 8 frames of this camera as it should be; what is usual is learnt from them at the start. A frame that is out of focus, too bright or
    /// dark, with swapped colours or of a shifted view is then <c>uninspected(camera)</c>, not a reject. None = not checked.
    /// </summary>
    public string? GoldenFrames { get; set; }

    /// <summary>Least shift of the view that counts, share of the picture's width; more when the golden frames differ by more.</summary>
    [Range(0.01, 0.1)]
    public double MaxShift { get; set; } = 0.03;
}
