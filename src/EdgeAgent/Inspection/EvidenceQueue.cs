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

    /// <summary>Parts that are drawn only because somebody watches the page.</summary>
    private const int ShownPerSecond = 2;

    private static readonly TimeSpan WatchedFor = TimeSpan.FromSeconds(10);

    private readonly HeatmapOptions options;
    private readonly TimeProvider time;
    private readonly long minimumPause;
    private readonly Handover<Evidence> free = new(Waiting + 1), ready = new(Waiting + 1);
    private readonly long shownPause;
    private long lastAt = long.MinValue / 2, shownAt = long.MinValue / 2, watchedUntil = long.MinValue, overtaken, rateLimited;

    public EvidenceQueue(HeatmapOptions options, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        minimumPause = (long)(time.TimestampFrequency / options.MaxPerSecond);
        shownPause = Math.Max(minimumPause, time.TimestampFrequency / ShownPerSecond);
        if (!options.Enabled) return;
        for (int i = 0; i <= Waiting; i++) free.TryAdd(new Evidence());
    }

    public int Count => ready.Count;
    public bool Ended => ready.Ended;

    /// <summary>Dropped for a newer one.</summary>
    public long Overtaken => Interlocked.Read(ref overtaken);

    /// <summary>Not drawn because of <see cref="HeatmapOptions.MaxPerSecond"/>.</summary>
    public long RateLimited => Interlocked.Read(ref rateLimited);

    /// <summary>Somebody looks at the page: for a while accepted parts are drawn too.</summary>
    public void Watch() => Interlocked.Exchange(ref watchedUntil, time.GetTimestamp() + (long)(WatchedFor.TotalSeconds * time.TimestampFrequency));

    public bool Watched => time.GetTimestamp() < Interlocked.Read(ref watchedUntil);

    /// <summary>Called by the inspection loop after its verdict is out; copies and returns.</summary>
    public void Offer(Job job, Verdict verdict, LoadedModel model)
    {
        bool publish = options.For == HeatmapFor.All || verdict is Verdict.Reject or Verdict.Review;
        long now = time.GetTimestamp();
        if (!options.Enabled || !(publish || now < Interlocked.Read(ref watchedUntil))) return;
        if (now - (publish ? lastAt : shownAt) < (publish ? minimumPause : shownPause))
        {
            if (publish) Interlocked.Increment(ref rateLimited);
            return;
        }
        if (!free.TryTake(out Evidence? evidence))
        {
            if (!publish || !ready.TryTake(out evidence)) return;   // the drawing thread has just taken it
            if (evidence.Publish) Interlocked.Increment(ref overtaken);
        }
        if (publish) lastAt = now;
        else shownAt = now;
        evidence.Fill(job, model, publish);
        ready.TryAdd(evidence);
    }

    public bool TryTake([System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out Evidence evidence, TimeSpan wait) => ready.TryTake(out evidence, wait);

    public void Return(Evidence evidence) => free.TryAdd(evidence);

    public void Complete() => ready.Complete();
}
