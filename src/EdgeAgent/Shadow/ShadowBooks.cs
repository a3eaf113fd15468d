using Edge.Agent.Models;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Shadow;

/// <summary>What a station's shadows have said: counts of all of them, and the report of the last comparison, in memory and beside the versions.</summary>
internal sealed partial class ShadowBooks(string station, PackageStore store, TimeProvider time, ILogger log)
{
    private static readonly int Verdicts = Enum.GetValues<Verdict>().Length;

    private readonly Lock writing = new();
    private readonly long[] seen = new long[Verdicts * Verdicts];
    private volatile ShadowTally? tally;
    private long missed, busyTicks, writtenAt, writtenParts;

    /// <summary>Of the last comparison; null = no part yet.</summary>
    public ShadowReport? Report => tally?.Report();

    /// <summary>Parts that a candidate did not see because it was busy.</summary>
    public long Missed => Interlocked.Read(ref missed);

    /// <summary>Candidates' time for all their parts.</summary>
    public TimeSpan Busy => time.GetElapsedTime(0, Interlocked.Read(ref busyTicks));

    /// <summary>Parts that both have seen, of all comparisons.</summary>
    public long Seen(Verdict running, Verdict shadow) => Interlocked.Read(ref seen[(int)running * Verdicts + (int)shadow]);

    /// <summary>On the inspection thread.</summary>
    public void Miss()
    {
        Interlocked.Increment(ref missed);
        tally?.Miss();
    }

    /// <summary>On the candidate's thread.</summary>
    public void Add(ShadowPart part, LoadedModel candidate, float score, Verdict verdict, long took)
    {
        Manifest running = part.Running!;
        ShadowPair pair = new(station, candidate.Recipe.Name, candidate.Name, running.Version, candidate.Version, running.Calibration.Threshold, candidate.Calibration.Threshold);
        if (tally?.Pair != pair) tally = new ShadowTally(pair, Stored(candidate.Name), time);
        tally!.Add(part, candidate.Calibration, score, verdict, took);
        Interlocked.Increment(ref seen[(int)part.Verdict * Verdicts + (int)verdict]);
        Interlocked.Add(ref busyTicks, took);
    }

    /// <summary>A disk that is full costs the report, not the comparison. Any thread.</summary>
    /// <param name="every">Not sooner than so long after the last time.</param>
    public void Write(TimeSpan every)
    {
        lock (writing)
        {
            if (tally is not { } now || now.Parts == writtenParts || time.GetElapsedTime(writtenAt) < every) return;
            try
            {
                (writtenParts, writtenAt) = (now.Parts, time.GetTimestamp());
                ShadowFile.Write(ShadowFile.Of(store, now.Pair.Model, station), now.Report());
            }
            catch (EdgeException e)
            {
                LogUnwritten(e.Message);
            }
        }
    }

    /// <summary>What can't be read begins anew: it is worth no refusal.</summary>
    private ShadowReport? Stored(string model)
    {
        try
        {
            return ShadowFile.Read(ShadowFile.Of(store, model, station));
        }
        catch (EdgeException e)
        {
            LogUnread(e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow's earlier report is lost, it begins anew: {Why}")]
    private partial void LogUnread(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "the shadow's report is not on the disk: {Why}")]
    private partial void LogUnwritten(string why);
}
