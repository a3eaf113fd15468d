using System.Globalization;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Scoring;

namespace Edge.Agent.Models;

/// <summary>
/// Compares the first parts of a newer version with all parts of the one before. Parts that are not accepted, and parts that the version could not
/// inspect or not in time, each may become more frequent; a step of either rolls it back. Not for an older version (that is itself a roll back),
/// another recipe, or the first model after a start: nothing is known to compare with.
/// </summary>
internal sealed class Probation(ProbationOptions options, string station, Ledger ledger, Inspector inspector, ModelWatcher watcher)
{
    private (string Name, int Version)? running;
    private Counts since;
    private Trial? trial;

    private readonly record struct Counts(long Inspected, long NotAccepted, long Errors)
    {
        public static Counts Of(Ledger ledger)
        {
            long rejected = ledger.Count(Verdict.Reject) + ledger.Count(Verdict.Review);
            return new Counts(
                ledger.Count(Verdict.Accept) + rejected, rejected,
                ledger.Count(Verdict.Uninspected, Reason.Inference) + ledger.Count(Verdict.Uninspected, Reason.InvalidScore) + ledger.Count(Verdict.Uninspected, Reason.FrameMisfit)
                + ledger.Count(Verdict.Uninspected, Reason.Deadline) + ledger.Count(Verdict.Uninspected, Reason.Overload));
        }

        public static Counts operator -(Counts a, Counts b) => new(a.Inspected - b.Inspected, a.NotAccepted - b.NotAccepted, a.Errors - b.Errors);
    }

    private sealed class Trial(string model, int version, int from, RateStep rejects, RateStep errors)
    {
        public int Parts, NotAccepted, Failed;
        public string Model => model;
        public int Version => version;
        public int From => from;
        public RateStep Rejects => rejects;
        public RateStep Errors => errors;
    }

    /// <summary>Version that is on probation; null = none.</summary>
    public int? Version => Volatile.Read(ref trial)?.Version;

    public void Follow() => inspector.Changed += Begin;

    /// <summary>On the inspection thread, between two parts.</summary>
    private void Begin()
    {
        if (inspector.Model is not { } model) return;
        Counts now = Counts.Of(ledger), before = now - since;
        bool newer = running is { } old && old.Name == model.Name && old.Version < model.Version;
        double each = options.FalseAlarm / 2;
        Volatile.Write(ref trial, !newer || options.Parts == 0 ? null : new Trial(
            model.Name, model.Version, running!.Value.Version,
            new RateStep(before.NotAccepted, before.Inspected, each, options.Parts), new RateStep(before.Errors, before.Inspected + before.Errors, each, options.Parts)));
        (running, since) = ((model.Name, model.Version), now);
    }

    /// <summary>Told each decided part; any thread.</summary>
    public void Add(InspectionResult result)
    {
        if (Volatile.Read(ref trial) is not { } t) return;
        bool inspected = result.Model is { } model && model.Name == t.Model && model.Version == t.Version && result.Reason == Reason.None;
        bool error = result.Reason is Reason.Inference or Reason.InvalidScore or Reason.FrameMisfit or Reason.Deadline or Reason.Overload;
        if (!inspected && !error) return;
        int parts = Interlocked.Increment(ref t.Parts);
        if (parts > options.Parts)
        {
            Interlocked.CompareExchange(ref trial, null, t);
            return;
        }
        if (error && t.Errors.IsStep(Interlocked.Increment(ref t.Failed), parts)) Fail(t, $"{t.Failed} of its first {parts} parts could not be inspected, or not in time", t.Errors);
        else if (!error && result.Verdict != Verdict.Accept && t.Rejects.IsStep(Interlocked.Increment(ref t.NotAccepted), parts)) Fail(t, $"{t.NotAccepted} of its first {parts} parts were not accepted", t.Rejects);
    }

    private void Fail(Trial t, string what, RateStep step)
    {
        if (Interlocked.CompareExchange(ref trial, null, t) != t) return;
        string why = $"{what}; with version {t.From} at most {(step.Bound * 100).ToString("0.#", CultureInfo.InvariantCulture)} %";
        _ = Task.Run(() => watcher.Withdraw(t.Version, t.From, $"probation at {station}", why));   // not on the line's time
    }
}
