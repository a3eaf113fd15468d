using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

internal enum TriggerMode
{
    /// <summary>Every frame is a part; the next is grabbed when there is room for it.</summary>
    FreeRunning = 0,
    /// <summary>A part every <see cref="TriggerOptions.Interval"/>.</summary>
    Interval,
    /// <summary>A part for every message on the <c>trigger</c> topic.</summary>
    Mqtt,
}

internal sealed class TriggerOptions
{
    /// <summary>What makes a part: every frame, the clock, or a message on the trigger topic.</summary>
    public TriggerMode Mode { get; set; }

    /// <summary>Mode Interval: hh:mm:ss.fff between parts.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Mode Mqtt: a trigger with another jobId that comes sooner than so many milliseconds after one that was taken is a sensor that bounces: <c>uninspected(debounced)</c>. 0 = every trigger is a part.</summary>
    [Range(0, 60_000)]
    public int DebounceMs { get; set; }

    public PresenceOptions Presence { get; set; } = new();
}
