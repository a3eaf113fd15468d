namespace Edge.Agent.Messaging;

/// <summary>
/// Counts what is no trigger and says so once a minute: whoever floods the topic must not flood the log. No answer is sent;
/// there is no job to answer on.
/// </summary>
internal sealed partial class InvalidTriggers(TimeProvider time, ILogger log)
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private long count, loggedAt, loggedCount;

    public long Count => Interlocked.Read(ref count);

    public void Add(long bytes, string why)
    {
        long total = Interlocked.Increment(ref count), now = time.GetTimestamp(), before = Interlocked.Read(ref loggedAt);
        if (before != 0 && time.GetElapsedTime(before, now) < Quiet) return;
        if (Interlocked.CompareExchange(ref loggedAt, now, before) != before) return;
        LogInvalid(bytes, why, total - Interlocked.Exchange(ref loggedCount, total) - 1);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message of {Bytes} bytes is no trigger: {Why} ({More} more since the last such line)")]
    private partial void LogInvalid(long bytes, string why, long more);
}
