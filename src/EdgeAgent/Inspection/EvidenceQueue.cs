using Edge.Agent.Configuration;
using Edge.Agent.Models;
using Edge.Scoring;

namespace Edge.Agent.Inspection;

/// <summary>
/// Best effort between the inspection loop and the heatmaps' thread: bounded, and the oldest gives way, because a person wants
/// to see what is happening now.
/// </summary>
internal sealed class EvidenceQueue
{
    /// <summary>Two wait while one is drawn.</summary>
    private const int Waiting = 2;

    private readonly HeatmapOptions options;
    private readonly TimeProvider time;
    private readonly long minimumPause;
    private readonly Handover<Evidence> free = new(Waiting + 1), ready = new(Waiting + 1);
    private long lastAt = long.MinValue / 2, overtaken, rateLimited;

    public EvidenceQueue(HeatmapOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        minimumPause = (long)(time.TimestampFrequency / options.MaxPerSecond);
        if (!options.Enabled) return;
        for (int i = 0; i <= Waiting; i++) free.TryAdd(new Evidence());
    }

    public int Count => ready.Count;
    public bool Ended => ready.Ended;

    /// <summary>Dropped for a newer one.</summary>
    public long Overtaken => Interlocked.Read(ref overtaken);

    /// <summary>Not drawn because of <see cref="HeatmapOptions.MaxPerSecond"/>.</summary>
    public long RateLimited => Interlocked.Read(ref rateLimited);

    /// <summary>Called by the inspection loop after its verdict is out; copies and returns.</summary>
    public void Offer(Job job, Verdict verdict, LoadedModel model)
    {
        if (!options.Enabled || (options.For == HeatmapFor.Rejects && verdict is not (Verdict.Reject or Verdict.Review))) return;
        long now = time.GetTimestamp();
        if (now - lastAt < minimumPause)
        {
            Interlocked.Increment(ref rateLimited);
            return;
        }
        if (!free.TryTake(out Evidence? evidence))
        {
            if (!ready.TryTake(out evidence)) return;   // the drawing thread has just taken it
            Interlocked.Increment(ref overtaken);
        }
        lastAt = now;
        evidence.Fill(job, model);
        ready.TryAdd(evidence);
    }

    public bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out Evidence evidence, TimeSpan wait) => ready.TryTake(out evidence, wait);

    public void Return(Evidence evidence) => free.TryAdd(evidence);

    public void Complete() => ready.Complete();
}
