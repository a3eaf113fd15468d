using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Pictures of inspected parts as PNG files, best effort: a verdict never waits for one.</summary>
internal sealed class ArchiveOptions
{
    /// <summary>Keeps the pictures of parts with the verdict reject, review or uninspected, and a sample of the accepted ones.</summary>
    public bool Enabled { get; set; }

    /// <summary>Folder. Relative paths start at the working directory.</summary>
    [Required]
    public string Path { get; set; } = "archive";

    /// <summary>Fraction of accepted parts that is kept, at random; 1 = all.</summary>
    [Range(0.0, 1.0)]
    public double AcceptedShare { get; set; } = 0.01;

    /// <summary>Keeps accepted parts whose score is this near to the threshold: a fraction of the way from the mean of the normals to it. 0 = none.</summary>
    [Range(0.0, 1.0)]
    public double NearThreshold { get; set; } = 0.1;

    /// <summary>Days that a picture is kept.</summary>
    [Range(1, 36_500)]
    public int KeepDays { get; set; } = 90;

    /// <summary>Megabytes of pictures; beyond it the oldest go.</summary>
    [Range(1, 100_000_000)]
    public int MaxMegabytes { get; set; } = 20_000;

    /// <summary>Megabytes that stay free on the disk: the oldest pictures go first, then none is kept.</summary>
    [Range(0, 100_000_000)]
    public int MinFreeMegabytes { get; set; } = 1_000;
}
