using System.Globalization;
using System.Text.Json.Serialization;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>What a version on probation is compared with: kept over a restart.</summary>
/// <param name="From">The version before, and all its parts: inspected, of these not accepted, and not inspected or not in time.</param>
internal sealed record ProbationStart(string Model, int Version, int From, long Inspected, long NotAccepted, long Errors);

[JsonSerializable(typeof(ProbationStart))]
internal sealed partial class ProbationJson : JsonSerializerContext;

/// <summary>One version on probation. Any thread.</summary>
internal sealed class ProbationTrial(ProbationStart start, ProbationOptions options)
{
    // Half of the false alarms for each of the two.
    private readonly RateStep rejects = new(start.NotAccepted, start.Inspected, options.FalseAlarm / 2, options.Parts),
        errors = new(start.Errors, start.Inspected + start.Errors, options.FalseAlarm / 2, options.Parts);

    private int parts, notAccepted, failed;

    public ProbationStart Start => start;

    /// <summary>Something is known of the version before: else nothing could fail here, and to pass says nothing.</summary>
    public bool CanTell => rejects.Bound < 1;

    /// <summary>All its parts were seen.</summary>
    public bool IsOver => Volatile.Read(ref parts) >= options.Parts;

    /// <returns>Why the version is to be withdrawn after this part; null when it is not.</returns>
    public string? Add(InspectionResult result)
    {
        bool inspected = result.Model is { } model && model.Name == start.Model && model.Version == start.Version && result.Reason == Reason.None;
        bool error = result.Reason is Reason.Inference or Reason.InvalidScore or Reason.FrameMisfit or Reason.Deadline or Reason.Overload;
        if (!inspected && !error) return null;
        int n = Interlocked.Increment(ref parts);
        if (n > options.Parts) return null;
        if (error) return errors.IsStep(Interlocked.Increment(ref failed), n) ? Why($"{failed} of its first {n} parts could not be inspected, or not in time", errors) : null;
        return result.Verdict != Verdict.Accept && rejects.IsStep(Interlocked.Increment(ref notAccepted), n) ? Why($"{notAccepted} of its first {n} parts were not accepted", rejects) : null;
    }

    private string Why(string what, RateStep step) => $"{what}; with version {start.From} at most {(step.Bound * 100).ToString("0.#", CultureInfo.InvariantCulture)} %";
}
