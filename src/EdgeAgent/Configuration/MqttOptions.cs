using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>The broker. Every station is a client of its own, so one station's trouble is not another's.</summary>
internal sealed class MqttOptions : BrokerOptions
{
    /// <summary>False: the stations inspect and count, and nobody hears a verdict. For trying things out.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Client id: <c>&lt;prefix&gt;-&lt;line&gt;-&lt;station&gt;</c>. Two agents must not share one.</summary>
    [Required, RegularExpression(StationOptions.NamePattern)]
    public string ClientIdPrefix { get; set; } = "edge";

    /// <summary>Seconds between two messages on <c>status</c> when nothing changes: the heartbeat of the station; 0 = only changes.</summary>
    [Range(0, 3600)]
    public int HeartbeatSeconds { get; set; } = 5;

    /// <summary>
    /// Triggers that may wait for their acknowledgement until the broker has their parts' verdicts and the disk the records; of more, each waits two seconds at most.
    /// At least every station's QueueCapacity, or a crash loses parts that were under way; fewer than the broker sends unacknowledged (mosquitto: <c>max_inflight_messages</c>, 20), or it holds triggers back.
    /// </summary>
    [Range(1, 1000)]
    public int HeldTriggers { get; set; } = 16;

    /// <summary>Verdicts that wait while the broker is away; when it is full the oldest is lost, and counted.</summary>
    [Range(16, 1_000_000)]
    public int VerdictQueueCapacity { get; set; } = 10_000;
}
