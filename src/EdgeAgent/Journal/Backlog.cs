using Edge.Journal;

namespace Edge.Agent.Journal;

/// <summary>What of a station's journal is still to be sent. One task writes, any thread reads.</summary>
internal sealed class Backlog(StationJournal journal, TimeProvider time)
{
    private static readonly TimeSpan CountPause = TimeSpan.FromSeconds(10);

    private long count, oldest, countedAt;

    /// <summary>Entries, as counted some seconds ago when they are many.</summary>
    public long Count => Interlocked.Read(ref count);

    public TimeSpan OldestAge => Interlocked.Read(ref oldest) is > 0 and var at ? time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(at) : TimeSpan.Zero;

    /// <summary>A batch that is not full is all there is; else the disk is asked now and then.</summary>
    public void See(IReadOnlyList<StationEntry> batch, int limit)
    {
        Interlocked.Exchange(ref oldest, batch.Count > 0 ? batch[0].Entry.At.ToUnixTimeMilliseconds() : 0);
        if (batch.Count < limit) Interlocked.Exchange(ref count, batch.Count);
        else if (countedAt == 0 || time.GetElapsedTime(countedAt) > CountPause)
        {
            Interlocked.Exchange(ref count, journal.Unsent);
            countedAt = time.GetTimestamp();
        }
    }

    /// <summary>This one is the oldest now.</summary>
    public void IsNext(StationEntry entry) => Interlocked.Exchange(ref oldest, entry.Entry.At.ToUnixTimeMilliseconds());

    public void OneLess()
    {
        if (Count > 0) Interlocked.Decrement(ref count);
    }
}
