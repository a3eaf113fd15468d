using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>Whether scores still are as they were when the model was calibrated.</summary>
internal sealed class DriftOptions
{
    /// <summary>Compares accepted parts' scores with the package's calibration scores, part by part. Decides no verdict.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Accepted parts between two false alarms, on average at least, while nothing changes. Fewer: an earlier alarm.</summary>
    [Range(1_000, 1_000_000_000)]
    public int FalseAlarmParts { get; set; } = 1_000_000;

    /// <summary>Rejects in a row that are told on the <c>drift</c> topic and in the log; 0 = never.</summary>
    [Range(0, 10_000)]
    public int RejectStreak { get; set; } = 10;
}
