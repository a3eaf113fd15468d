namespace Edge.Hosting;

/// <summary>Counts what may come in floods and says when it may be logged: once a minute. Thread-safe.</summary>
internal sealed class Occasional(TimeProvider time)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private long count, loggedAt, loggedCount;

    public long Count => Interlocked.Read(ref count);

    /// <summary>One more; true when it is to be logged.</summary>
    /// <param name="more">How many came since the last that was logged, this one not counted.</param>
    public bool Add(out long more)
    {
        more = 0;
        long total = Interlocked.Increment(ref count), now = time.GetTimestamp(), before = Interlocked.Read(ref loggedAt);
        if (before != 0 && time.GetElapsedTime(before, now) < Quiet) return false;
        if (Interlocked.CompareExchange(ref loggedAt, now, before) != before) return false;
        more = total - Interlocked.Exchange(ref loggedCount, total) - 1;
        return true;
    }
}
