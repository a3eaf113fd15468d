using System.Text;
using System.Threading.Channels;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Messaging;
using Edge.Journal;
using Microsoft.Data.Sqlite;

namespace Edge.Agent.Journal;

/// <summary>
/// Writes every result down, in batches of what has come meanwhile. Nobody waits for it: a verdict is out whether or not there is a
/// disk. What can't be written waits in memory up to <see cref="Waiting"/>; then the oldest is lost, counted, and the journal says so.
/// </summary>
internal sealed partial class JournalWriter : IDisposable
{
    private const int Waiting = 50_000, Batch = 1_000;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2), PrunePause = TimeSpan.FromHours(1);

    private readonly JournalOptions options;
    private readonly string line;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Channel<Item> queue;
    private JournalFile? file;
    private long written, lost, reported;
    private string? trouble;

    private readonly record struct Item(string Station, Job Job, InspectionResult Result, bool Late, DateTimeOffset At);

    public JournalWriter(JournalOptions options, string line, TimeProvider time, ILogger log)
    {
        (this.options, this.line, this.time, this.log) = (options, line, time, log);
        queue = Channel.CreateBounded<Item>(new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, _ => Interlocked.Increment(ref lost));
    }

    public long Written => Interlocked.Read(ref written);
    public long Lost => Interlocked.Read(ref lost);
    public int Count => queue.Reader.Count;

    /// <summary>Why nothing can be written at the moment; null when it can.</summary>
    public string? Trouble => Volatile.Read(ref trouble);

    /// <summary>Never blocks.</summary>
    public void Offer(string station, Job job, InspectionResult result) =>
        queue.Writer.TryWrite(new Item(station, job, result, !ReferenceEquals(job.Result, result), time.GetUtcNow()));

    /// <summary>No more will come: <see cref="RunAsync"/> writes what waits and ends.</summary>
    public void Complete() => queue.Writer.TryComplete();

    /// <param name="stop">Give up what can't be written.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        using VerdictWriter json = new(time);
        List<JournalRecord> batch = new(Batch);
        long prunedAt = time.GetTimestamp() - (long)(PrunePause.TotalSeconds * time.TimestampFrequency);
        while (batch.Count > 0 || await queue.Reader.WaitToReadAsync(stop).ConfigureAwait(false))
        {
            while (batch.Count < Batch && queue.Reader.TryRead(out Item item)) batch.Add(Record(item, json));
            try
            {
                file ??= Open();
                ReportLoss(batch);
                file.Append(batch);
                Interlocked.Add(ref written, batch.Count);
                batch.Clear();
                if (Interlocked.Exchange(ref trouble, null) is not null) LogRecovered(options.Path);
                if (time.GetElapsedTime(prunedAt) < PrunePause) continue;
                Prune();
                prunedAt = time.GetTimestamp();
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or EdgeException)
            {
                Fail(e);
                if (e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT }) SetAside(e.Message);
                else await Task.Delay(RetryPause, time, stop).ConfigureAwait(false);
            }
        }
    }

    private JournalRecord Record(Item item, VerdictWriter json) => new(
        item.Station, item.Late ? JournalKind.Late : JournalKind.Part, item.At,
        Encoding.UTF8.GetString(json.Write(item.Job, item.Result, line, item.Station, item.At).Span));

    /// <summary>A gap in the books is itself an entry.</summary>
    private void ReportLoss(List<JournalRecord> batch)
    {
        long missing = Lost - reported;
        if (missing == 0) return;
        batch.Insert(0, new JournalRecord("", JournalKind.Event, time.GetUtcNow(), $$"""{"event":"records-lost","count":{{missing}}}"""));
        reported += missing;
    }

    private JournalFile Open()
    {
        string path = Path.GetFullPath(options.Path);
        if (Path.GetDirectoryName(path) is { } folder) Directory.CreateDirectory(folder);
        return JournalFile.OpenForWriting(path);
    }

    /// <summary>Kept for whoever can read more of it; the line goes on with a new one.</summary>
    private void SetAside(string why)
    {
        string path = Path.GetFullPath(options.Path), aside = $"{path}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}";
        foreach (string suffix in (string[])["", "-wal", "-shm"]) if (File.Exists(path + suffix)) File.Move(path + suffix, aside + suffix, overwrite: true);
        LogDamaged(path, why, aside);
    }

    private void Prune()
    {
        long removed = file!.Prune(time.GetUtcNow() - TimeSpan.FromDays(options.KeepDays));
        long limit = options.MaxMegabytes * 1_000_000L, bytes = file.Bytes;
        if (bytes > limit) removed += file.PruneTo((long)(file.Count * 0.9 * limit / bytes));
        if (removed > 0) LogPruned(removed);
    }

    private void Fail(Exception e)
    {
        if (Interlocked.Exchange(ref trouble, e.Message) is null) LogTrouble(options.Path, e.Message);
        file?.Dispose();
        file = null;
    }

    public void Dispose() => file?.Dispose();

    [LoggerMessage(Level = LogLevel.Error, Message = "the journal {Path} can't be written, verdicts go on without it: {Why}")]
    private partial void LogTrouble(string path, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "the journal {Path} is written again")]
    private partial void LogRecovered(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "the journal {Path} is damaged ({Why}); it is kept as {Aside} and a new one begins")]
    private partial void LogDamaged(string path, string why, string aside);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} old entries removed from the journal")]
    private partial void LogPruned(long count);
}
