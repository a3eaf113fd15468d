using Edge.Scoring;

namespace Edge.Agent.Shadow;

/// <summary>Counts the parts that two versions have both seen. Added to by the candidate's thread, read from any.</summary>
internal sealed class ShadowTally
{
    /// <summary>Disagreements that are listed.</summary>
    public const int Kept = 50;

    private static readonly Verdict[] Known = Enum.GetValues<Verdict>();

    private readonly Lock gate = new();
    private readonly DateTimeOffset began;
    private readonly TimeProvider time;
    private readonly long[] verdicts = new long[Known.Length * Known.Length];
    private readonly List<ShadowDisagreement> disagreements = [];
    private readonly PositionMoments positions;
    private DateTimeOffset until;
    private double runningTicks, candidateTicks;
    private long parts, runningLongest, candidateLongest, missed;

    /// <param name="before">The same pair's report of an earlier run goes on; null or another pair's: it begins anew.</param>
    public ShadowTally(ShadowPair pair, ShadowReport? before, TimeProvider time)
    {
        (Pair, this.time, began, until) = (pair, time, time.GetUtcNow(), time.GetUtcNow());
        if (before?.Pair != pair)
        {
            positions = new PositionMoments();
            return;
        }
        (began, until, parts, missed) = (before.Since, before.Until, before.Parts, before.Missed);
        foreach (ShadowVerdicts v in before.Verdicts) verdicts[Index(v.Running, v.Candidate)] = v.Parts;
        positions = new PositionMoments(before.Scores);
        (runningTicks, runningLongest) = (Ticks(before.Running.MeanMs) * parts, (long)Ticks(before.Running.LongestMs));
        (candidateTicks, candidateLongest) = (Ticks(before.Candidate.MeanMs) * parts, (long)Ticks(before.Candidate.LongestMs));
        disagreements.AddRange(before.Disagreements.Take(Kept));
    }

    public ShadowPair Pair { get; }

    /// <summary>Parts of this tally, an earlier run's included.</summary>
    public long Parts => Interlocked.Read(ref parts);

    /// <summary>A part came while the candidate was busy. Any thread.</summary>
    public void Miss() => Interlocked.Increment(ref missed);

    /// <param name="took">The candidate's ticks.</param>
    public void Add(ShadowPart part, Calibration candidate, float score, Verdict verdict, long took)
    {
        double mine = candidate.Position(score), theirs = part.Running!.Calibration.Position(part.Score);
        lock (gate)
        {
            parts++;
            until = time.GetUtcNow();
            verdicts[Index(part.Verdict, verdict)]++;
            (runningTicks, runningLongest) = (runningTicks + part.Took, Math.Max(runningLongest, part.Took));
            (candidateTicks, candidateLongest) = (candidateTicks + took, Math.Max(candidateLongest, took));
            bool finite = double.IsFinite(mine) && double.IsFinite(theirs);
            if (finite) positions.Add(theirs, mine);
            if (verdict != part.Verdict) Rank(new ShadowDisagreement(part.Job!.Id, part.Job.PartId, part.Job.CapturedAt, part.Verdict, part.Score, verdict, score, finite ? Math.Abs(mine - theirs) : null));
        }
    }

    public ShadowReport Report()
    {
        lock (gate)
        {
            IEnumerable<ShadowVerdicts> counts = from running in Known from candidate in Known select new ShadowVerdicts(running, candidate, verdicts[Index(running, candidate)]);
            return new ShadowReport(
                Pair, began, until, parts, Interlocked.Read(ref missed), Known.Sum(v => verdicts[Index(v, v)]), [.. counts.Where(v => v.Parts > 0)], positions.Scores,
                new ShadowTime(Mean(runningTicks), Ms(runningLongest)), new ShadowTime(Mean(candidateTicks), Ms(candidateLongest)), [.. disagreements]);
        }
    }

    private void Rank(ShadowDisagreement found)
    {
        int at = disagreements.FindIndex(d => (d.Distance ?? 0) < (found.Distance ?? 0));
        if (at < 0) at = disagreements.Count;
        if (at >= Kept) return;
        if (disagreements.Count == Kept) disagreements.RemoveAt(Kept - 1);
        disagreements.Insert(at, found);
    }

    private static int Index(Verdict running, Verdict candidate) => (int)running * Known.Length + (int)candidate;

    private double Mean(double ticks) => parts == 0 ? 0 : Ms(ticks / parts);
    private double Ms(double ticks) => ticks * 1000 / time.TimestampFrequency;
    private double Ticks(double ms) => ms / 1000 * time.TimestampFrequency;
}
