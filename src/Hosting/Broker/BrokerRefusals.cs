using System.Collections.Concurrent;

namespace Edge.Hosting;

/// <summary>Messages that the broker acknowledged with a refusal, by topic: counted, and said once a minute.</summary>
internal sealed partial class BrokerRefusals(TimeProvider time, ILogger log)
{
    private readonly ConcurrentDictionary<string, (Occasional Quiet, string Kind)> topics = new();

    /// <summary>By the topic's last part, e.g. <c>verdict</c>.</summary>
    public IEnumerable<(string Kind, long Count)> Counts => topics.Values.Select(t => (t.Kind, t.Quiet.Count));

    public void Add(string topic, string reason)
    {
        if (topics.GetOrAdd(topic, t => (new Occasional(time), t[(t.LastIndexOf('/') + 1)..])).Quiet.Add(out long more)) LogRefused(topic, reason, more);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "the broker refuses messages on {Topic}: {Reason}; check its access control list ({More} more since the last such line)")]
    private partial void LogRefused(string topic, string reason, long more);
}
