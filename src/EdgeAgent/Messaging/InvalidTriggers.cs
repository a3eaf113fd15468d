namespace Edge.Agent.Messaging;

/// <summary>
/// Counts what is no trigger and says so once a minute: whoever floods the topic must not flood the log. No answer is sent;
/// there is no job to answer on.
/// </summary>
internal sealed partial class InvalidTriggers(TimeProvider time, ILogger log)
{
    private readonly Occasional occasional = new(time);

    public long Count => occasional.Count;

    public void Add(long bytes, string why)
    {
        if (occasional.Add(out long more)) LogInvalid(bytes, why, more);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message of {Bytes} bytes is no trigger: {Why} ({More} more since the last such line)")]
    private partial void LogInvalid(long bytes, string why, long more);
}
