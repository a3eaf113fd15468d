using System.Text.Json;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>
/// Compares the first parts of a newer version with all parts of the one before. Parts that are not accepted, and parts that the version could not
/// inspect or not in time, each may become more frequent; a step of either rolls it back. Not for an older version (that is itself a roll back),
/// another recipe, or the first model after a start, unless it was on probation then: nothing is known to compare with.
/// </summary>
/// <param name="station">As people know it.</param>
/// <param name="file">An agent that starts again begins the probation anew, with what was known before.</param>
internal sealed partial class Probation(
    ProbationOptions options, string station, Ledger ledger, Inspector inspector, ModelWatcher watcher, CanaryVotes votes, StateFile file, ILogger log)
{
    private readonly Lock keeping = new();
    private (string Name, int Version)? running;
    private (long Inspected, long NotAccepted, long Errors) since;
    private ProbationTrial? trial;
    private ProbationStart? kept;

    /// <summary>Version that is on probation; null = none.</summary>
    public int? Version => Volatile.Read(ref trial)?.Start.Version;

    public void Follow() => inspector.Changed += Begin;

    /// <summary>On the inspection thread, between two parts.</summary>
    private void Begin()
    {
        if (inspector.Model is not { } model) return;
        (long Inspected, long NotAccepted, long Errors) now = Count();
        ProbationStart? start = running is not { } old ? Kept() is { } k && k.Model == model.Name && k.Version == model.Version ? k : null
            : old.Name == model.Name && old.Version < model.Version
                ? new ProbationStart(model.Name, model.Version, old.Version, now.Inspected - since.Inspected, now.NotAccepted - since.NotAccepted, now.Errors - since.Errors)
                : null;
        Volatile.Write(ref trial, start is null || options.Parts == 0 ? null : new ProbationTrial(start, options));
        (running, since) = ((model.Name, model.Version), now);
        _ = Task.Run(Keep);
    }

    /// <summary>Told each decided part; any thread.</summary>
    public void Add(InspectionResult result)
    {
        if (Volatile.Read(ref trial) is not { } t) return;
        string? why = t.Add(result);
        if ((why is null && !t.IsOver) || Interlocked.CompareExchange(ref trial, null, t) != t) return;
        _ = Task.Run(() =>   // not on the line's time
        {
            if (why is not null) watcher.Withdraw(t.Start.Version, t.Start.From, $"probation at {station}", why);
            else if (options.PromoteCanary && t.CanTell) watcher.Promote(t.Start.Version, votes, $"probation at {station}", $"passed {options.Parts} parts");
            Keep();
        });
    }

    private (long Inspected, long NotAccepted, long Errors) Count()
    {
        long rejected = ledger.Count(Verdict.Reject) + ledger.Count(Verdict.Review);
        return (
            ledger.Count(Verdict.Accept) + rejected, rejected,
            ledger.Count(Verdict.Uninspected, Reason.Inference) + ledger.Count(Verdict.Uninspected, Reason.InvalidScore) + ledger.Count(Verdict.Uninspected, Reason.FrameMisfit)
            + ledger.Count(Verdict.Uninspected, Reason.Deadline) + ledger.Count(Verdict.Uninspected, Reason.Overload));
    }

    private ProbationStart? Kept()
    {
        try
        {
            return kept = file.Read() is { } json ? JsonSerializer.Deserialize(json, ProbationJson.Default.ProbationStart) : null;
        }
        catch (Exception e) when (e is EdgeException or JsonException)
        {
            LogUnread(e.Message);
            return null;
        }
    }

    /// <summary>The file says what is so now, whichever came last.</summary>
    private void Keep()
    {
        lock (keeping)
        {
            ProbationStart? now = Volatile.Read(ref trial)?.Start;
            if (now == kept) return;
            try
            {
                file.Write(now is null ? null : JsonSerializer.Serialize(now, ProbationJson.Default.ProbationStart));
                kept = now;
            }
            catch (EdgeException e)
            {
                LogUnwritten(e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "whether the model was on probation is not known, it is not now: {Why}")]
    private partial void LogUnread(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a restart would end the probation: {Why}")]
    private partial void LogUnwritten(string why);
}
