using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

internal enum HeatmapFor
{
    /// <summary>Parts with the verdict reject or review.</summary>
    Rejects = 0,
    /// <summary>Every inspected part.</summary>
    All,
}

/// <summary>Heatmaps are evidence for people, best effort: a verdict never waits for one.</summary>
internal sealed class HeatmapOptions
{
    /// <summary>Draws and publishes heatmaps.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Rejects: parts with the verdict reject or review. All: every inspected part.</summary>
    public HeatmapFor For { get; set; }

    /// <summary>More are not drawn, and counted.</summary>
    [Range(0.01, 1000.0)]
    public double MaxPerSecond { get; set; } = 5;
}
