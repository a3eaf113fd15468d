using System.Text.Json;
using System.Threading.Channels;

namespace Edge.Training.Service.Runs;

/// <summary>All runs, oldest first, each in a folder <c>runs/&lt;id&gt;</c>; what is said to be so is on the disk first. Thread-safe.</summary>
internal sealed partial class RunBook
{
    /// <summary>Runs that may wait; whoever asks for one more hears so.</summary>
    public const int MostQueued = 16;

    /// <summary>Runs that are over and still remembered: an id among them is not run again.</summary>
    private const int MostKept = 500;

    private readonly string folder;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Lock gate = new();
    private readonly List<RetrainingRun> runs = [];
    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <exception cref="EdgeException">The folder can't be read.</exception>
    public RunBook(string state, TimeProvider time, ILogger log)
    {
        (folder, this.time, this.log) = (Path.Combine(Path.GetFullPath(state), "runs"), time, log);
        if (!Directory.Exists(folder)) return;
        foreach (string run in Directory.EnumerateDirectories(folder))
            if (Read(Path.GetFileName(run)) is { } found) runs.Add(found);
        runs.Sort((a, b) => a.RequestedAt.CompareTo(b.RequestedAt));
    }

    /// <summary>Something about a run has changed.</summary>
    public event Action<RetrainingRun>? Changed;

    public IReadOnlyList<RetrainingRun> All
    {
        get { lock (gate) return [.. runs]; }
    }

    public int Queued => All.Count(r => r.State == RunState.Queued);
    public RetrainingRun? Running => All.FirstOrDefault(r => r.State == RunState.Running);

    /// <summary>The run that was over last.</summary>
    public RetrainingRun? Last => All.Where(r => r.IsOver).MaxBy(r => r.EndedAt);

    public RetrainingRun? Find(string id) => All.FirstOrDefault(r => r.Id == id);

    /// <summary>What a run has on the disk.</summary>
    public string FolderOf(RetrainingRun run) => Path.Combine(folder, run.Id);

    /// <summary>Asks for a run; the same id twice is one run.</summary>
    /// <exception cref="EdgeException">Too many wait, the id is another product's, or the disk does not take it.</exception>
    public RetrainingRun Ask(string id, string product, RunCause cause)
    {
        RetrainingRun run;
        lock (gate)
        {
            if (runs.Find(r => r.Id == id) is { } known)
                return known.Product == product ? known : throw new EdgeException($"Run {id} is one of {known.Product}; give another id.");
            if (runs.Count(r => r.State == RunState.Queued) >= MostQueued) throw new EdgeException($"{MostQueued} runs wait already.");
            run = new RetrainingRun(id, product, cause, time.GetUtcNow());
            Write(run);
            runs.Add(run);
            Forget();
        }
        LogAsked(run.Id, run.Product, run.Cause);
        asked.Writer.TryWrite(true);
        Changed?.Invoke(run);
        return run;
    }

    /// <exception cref="EdgeException">The disk does not take it; nothing has changed.</exception>
    public void Update(RetrainingRun run)
    {
        lock (gate)
        {
            Write(run);
            runs[runs.FindIndex(r => r.Id == run.Id)] = run;
        }
        Changed?.Invoke(run);
    }

    /// <summary>The run whose turn it is: one that was cut off, else the one that waits longest.</summary>
    public async Task<RetrainingRun> NextAsync(CancellationToken stop)
    {
        while (true)
        {
            if ((Running ?? All.FirstOrDefault(r => r.State == RunState.Queued)) is { } next) return next;
            await asked.Reader.ReadAsync(stop).ConfigureAwait(false);
        }
    }

    private StateFile FileOf(string id) => new(Path.Combine(folder, id), "run.json");

    private void Write(RetrainingRun run) => FileOf(run.Id).Write(JsonSerializer.Serialize(run, RunJson.Default.RetrainingRun));

    private RetrainingRun? Read(string id)
    {
        try
        {
            return FileOf(id).Read() is { } json && JsonSerializer.Deserialize(json, RunJson.Default.RetrainingRun) is { } run && run.Id == id ? run : null;
        }
        catch (JsonException e)
        {
            LogUnreadable(FileOf(id).Path, e.Message);
            return null;
        }
    }

    private void Forget()
    {
        foreach (RetrainingRun old in runs.Where(r => r.IsOver).SkipLast(MostKept).ToArray())
        {
            Directory.Delete(FolderOf(old), recursive: true);
            runs.Remove(old);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "run {Run} of {Product} is asked for ({Cause})")]
    private partial void LogAsked(string run, string product, RunCause cause);

    [LoggerMessage(Level = LogLevel.Error, Message = "{File} is no run's state and is passed over: {Why}")]
    private partial void LogUnreadable(string file, string why);
}
