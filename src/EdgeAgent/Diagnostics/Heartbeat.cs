namespace Edge.Agent.Diagnostics;

/// <summary>A loop's sign of life. A loop that hangs in a driver or a model does not beat, and systemd starts the agent again.</summary>
internal sealed class Heartbeat(string name, TimeProvider time)
{
    /// <summary>Longer than any one step of a loop may take.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait of a loop between two beats.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private long at = time.GetTimestamp();

    public string Name { get; } = name;
    public bool IsFresh => time.GetElapsedTime(Volatile.Read(ref at)) < Limit;
    public void Beat() => Volatile.Write(ref at, time.GetTimestamp());
}
