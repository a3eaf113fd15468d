using Edge.Agent.Diagnostics;

namespace Edge.Agent.Inspection;

/// <summary>
/// A dedicated thread for work that blocks in drivers and native code. What it does not expect ends the process: a station
/// that half works is worse than one that starts again.
/// </summary>
internal sealed class LoopThread(string name, TimeProvider time, Action<Heartbeat> body, Action<string, Exception> failed)
{
    private Thread? thread;

    public Heartbeat Heartbeat { get; } = new(name, time);

    public void Start()
    {
        thread = new Thread(Run) { IsBackground = true, Name = name };
        thread.Start();
    }

    private void Run()
    {
        try
        {
            body(Heartbeat);
        }
        catch (Exception e)
        {
            failed(name, e);
        }
    }

    /// <summary>False when it did not end in time.</summary>
    public bool Join(TimeSpan wait) => thread?.Join(wait) ?? true;
}
