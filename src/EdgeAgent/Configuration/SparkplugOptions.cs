using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>The same results for SCADA hosts that speak Sparkplug B: the agent is an edge node, each station a device.</summary>
internal sealed class SparkplugOptions
{
    /// <summary>What a topic level may be: the specification forbids <c>+ / #</c>, and STATE is a topic of its own.</summary>
    private const string IdPattern = "^(?!STATE$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";

    /// <summary>Publishes births, results and deaths as Sparkplug B, with an MQTT client of its own. Needs Mqtt and the journal.</summary>
    public bool Enabled { get; set; }

    /// <summary>Group id: <c>spBv1.0/&lt;group&gt;/…</c>.</summary>
    [Required, RegularExpression(IdPattern)]
    public string GroupId { get; set; } = "edge";

    /// <summary>Edge node id, of which a group must have one only; none = the line's name.</summary>
    [RegularExpression(IdPattern)]
    public string? EdgeNodeId { get; set; }

    /// <summary>Host id of the primary host application: while its STATE is not online nothing is published, and results wait in the journal. None = nobody is waited for.</summary>
    [RegularExpression(IdPattern)]
    public string? PrimaryHost { get; set; }

    /// <summary>Results of a station sent in a second at most, after an outage for one.</summary>
    [Range(1, 10_000)]
    public int MaxPerSecond { get; set; } = 200;
}
