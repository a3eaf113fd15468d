using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

/// <summary>The journal's entries to a historian, on the <c>record</c> topic.</summary>
internal sealed class RecordOptions
{
    /// <summary>Sends every entry of the journal on the <c>record</c> topic, in order. Needs the journal.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>An entry that nobody is subscribed to stays unsent until somebody is. False: the broker's acknowledgement is enough.</summary>
    public bool WaitForSubscriber { get; set; } = true;

    /// <summary>Entries sent in a second at most, after an outage for one. More than the station's parts in a second.</summary>
    [Range(1, 10_000)]
    public int MaxPerSecond { get; set; } = 200;
}
