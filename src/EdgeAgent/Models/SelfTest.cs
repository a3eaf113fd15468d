using System.Text.Json;
using Edge.Agent.Journal;
using Edge.Journal;

namespace Edge.Agent.Models;

/// <summary>
/// Does what runs still give its golden images' scores? It tells a disk, a memory or a driver that has gone wrong; it changes nothing. Any thread.
/// </summary>
internal sealed partial class SelfTest(string station, ModelWatcher watcher, JournalWriter? journal, ILogger log)
{
    private long passed, failed;
    private volatile bool failing;

    public long Passed => Interlocked.Read(ref passed);
    public long Failed => Interlocked.Read(ref failed);

    /// <summary>The last one failed.</summary>
    public bool Failing => failing;

    /// <exception cref="Exception">It does not prove itself again; or no model runs, which is no failure.</exception>
    public void Run()
    {
        if (watcher.Offered is null) throw new EdgeException("No model runs.");
        try
        {
            watcher.SelfTest();
        }
        catch (Exception e)
        {
            LogFailed(e.Message);
            journal?.Offer(station, JournalKind.Event, JsonSerializer.Serialize(
                new ModelEvent("self-test-failed", watcher.Recipe.Name, watcher.Recipe.Model, watcher.Offered, null, null, null, null, e.Message), ModelEventJson.Default.ModelEvent));
            (_, failing) = (Interlocked.Increment(ref failed), true);
            throw;
        }
        if (failing) LogMended();
        (_, failing) = (Interlocked.Increment(ref passed), false);
    }

    /// <summary><see cref="Run"/> by the clock, whose failure has been told when it returns.</summary>
    public void RunScheduled()
    {
        if (watcher.Offered is null) return;
        try
        {
            Run();
        }
        catch (Exception)
        {
            // Counted, journalled and logged: what runs goes on, people decide.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "self-test failed, what runs goes on: {Why}")]
    private partial void LogFailed(string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "self-test passed again")]
    private partial void LogMended();
}
