using Edge.Agent.Capture;
using Edge.Agent.Inspection;

namespace Edge.Agent.Archive;

/// <summary>A picture on its way to the disk.</summary>
/// <param name="Why">reject, review, uninspected, near-threshold or sample.</param>
internal sealed record ArchivePicture(string Station, Job Job, Frame Frame, string Why)
{
    /// <summary>End of the exposure, UTC.</summary>
    public DateTimeOffset At => Job.CapturedAt.ToUniversalTime();

    /// <summary>Day, station, then time, station, verdict and job, so that a file says what it is wherever it is copied to; below the archive's folder.</summary>
    public string RelativePath => System.IO.Path.Combine(
        $"{At:yyyy-MM-dd}", Station, $"{At:yyyyMMdd'T'HHmmss.fff'Z'}_{Station}_{Job.Result!.Verdict.Wire()}_{Safe(Job.Id)}.png");

    /// <summary>A jobId may hold any printable character.</summary>
    private static string Safe(string id) => string.Concat(id.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '_'));
}
