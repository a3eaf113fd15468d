using System.Collections.Concurrent;
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
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(2), PrunePause = TimeSpan.FromHours(1), MarkPause = TimeSpan.FromSeconds(1), HeldUpAfter = TimeSpan.FromSeconds(2);

    private readonly JournalOptions options;
    private readonly string line;
    private readonly TimeProvider time;
    private readonly IReadOnlyCollection<string> forwarded;
    private readonly ILogger log;
    private readonly Channel<Item> queue;
    private readonly ConcurrentDictionary<string, long> lost = new(), removedUnsent = new(), sent = new();
    private readonly Dictionary<string, long> reported = [];
    private JournalFile? file;
    private long written, writingSince;
    private int opened;
    private string? trouble;

    /// <param name="Written">The record, when it is not to be made of job and result.</param>
    private readonly record struct Item(string Station, string Kind, DateTimeOffset At, Job? Job, InspectionResult? Result, string? Written);

    /// <param name="forwarded">Stations whose entries are to be sent to a historian: one that is removed before it was is a loss.</param>
    public JournalWriter(JournalOptions options, string line, TimeProvider time, ILogger log, IReadOnlyCollection<string>? forwarded = null)
    {
        (this.options, this.line, this.time, this.log, this.forwarded) = (options, line, time, log, forwarded ?? []);
        queue = Channel.CreateBounded<Item>(
            new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, Lose);
    }

    private void Lose(Item item)
    {
        lost.AddOrUpdate(item.Station, 1, (_, n) => n + 1);
        item.Job?.MarkRecorded();
    }

    public string Path => System.IO.Path.GetFullPath(options.Path);
    public long Written => Interlocked.Read(ref written);
    public int Count => queue.Reader.Count;

    /// <summary>Records that never reached the disk.</summary>
    public long Lost => lost.Values.Sum();

    public long LostOf(string station) => lost.GetValueOrDefault(station);

    /// <summary>Entries of a station that were removed before a historian had them.</summary>
    public long RemovedUnsent(string station) => removedUnsent.GetValueOrDefault(station);

    /// <summary>Counts how often the file was opened, 0 = not yet: a reader of before may look at one that was set aside.</summary>
    public int Opened => Volatile.Read(ref opened);

    /// <summary>Why nothing can be written at the moment; null when it can.</summary>
    public string? Trouble => Volatile.Read(ref trouble);

    /// <summary>It can't be written at the moment, or the disk has hung for a while: nobody should wait for a record.</summary>
    public bool IsHeldUp => Trouble is not null || (Interlocked.Read(ref writingSince) is not 0 and var since && time.GetElapsedTime(since) > HeldUpAfter);

    /// <summary>Raised after entries were written, and after the file was opened. Must not block.</summary>
    public event Action? Appended;

    /// <summary>Never blocks.</summary>
    public void Offer(string station, Job job, InspectionResult result) =>
        queue.Writer.TryWrite(new Item(station, ReferenceEquals(job.Result, result) ? JournalKind.Part : JournalKind.Late, time.GetUtcNow(), job, result, null));

    /// <summary>Never blocks.</summary>
    public void Offer(string station, string kind, string record) => queue.Writer.TryWrite(new Item(station, kind, time.GetUtcNow(), null, null, record));

    /// <summary>A historian has the station's entries up to this one. On the disk with the next batch, in a second at the latest; after a crash they are sent again.</summary>
    public void MarkSent(string station, long upTo) => sent[station] = upTo;

    /// <summary>No more will come: <see cref="RunAsync"/> writes what waits and ends.</summary>
    public void Complete() => queue.Writer.TryComplete();

    /// <param name="stop">Give up what can't be written.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        using VerdictWriter json = new(time);
        List<JournalRecord> batch = new(Batch);
        List<Job> jobs = new(Batch);
        long prunedAt = time.GetTimestamp() - (long)(PrunePause.TotalSeconds * time.TimestampFrequency);
        Task<bool> more = queue.Reader.WaitToReadAsync(stop).AsTask();
        while (true)
        {
            while (batch.Count < Batch && queue.Reader.TryRead(out Item item))
            {
                batch.Add(Record(item, json));
                if (item.Job is not null) jobs.Add(item.Job);
            }
            try
            {
                file ??= Open();
                ReportLoss(batch);
                Interlocked.Exchange(ref writingSince, time.GetTimestamp());
                Append(batch);
                Interlocked.Exchange(ref writingSince, 0);
                foreach (Job job in jobs) job.MarkRecorded();
                jobs.Clear();
                if (Interlocked.Exchange(ref trouble, null) is not null) LogRecovered(options.Path);
                if (file.Last > 0 && time.GetElapsedTime(prunedAt) >= PrunePause)
                {
                    Prune();
                    prunedAt = time.GetTimestamp();
                }
            }
            catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException or EdgeException)
            {
                Fail(e);
                if (e is SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_NOTADB or SQLitePCL.raw.SQLITE_CORRUPT }) SetAside(e.Message);
                else await Task.Delay(RetryPause, time, stop).ConfigureAwait(false);
                continue;
            }
            if (queue.Reader.Count > 0) continue;
            if (more.IsCompleted)
            {
                if (!await more.ConfigureAwait(false) && sent.IsEmpty) return;
                more = queue.Reader.WaitToReadAsync(stop).AsTask();
            }
            await Task.WhenAny(more, Task.Delay(MarkPause, time, stop)).ConfigureAwait(false);
        }
    }

    private void Append(List<JournalRecord> batch)
    {
        Dictionary<string, long> marks = new(sent);
        if (batch.Count == 0 && marks.Count == 0) return;
        file!.Append(batch, marks);
        foreach (KeyValuePair<string, long> mark in marks) sent.TryRemove(mark);   // unless it has moved on
        if (batch.Count == 0) return;
        Interlocked.Add(ref written, batch.Count);
        batch.Clear();
        Appended?.Invoke();
    }

    private JournalRecord Record(Item item, VerdictWriter json) => new(
        item.Station, item.Kind, item.At,
        item.Written ?? Encoding.UTF8.GetString(json.Write(item.Job!, item.Result!, line, item.Station, item.At).Span));

    /// <summary>A gap in the books is itself an entry.</summary>
    private void ReportLoss(List<JournalRecord> batch)
    {
        foreach ((string station, long count) in lost)
        {
            long before = reported.GetValueOrDefault(station);
            if (count > before) batch.Insert(0, Event(station, "records-lost", count - before));
            reported[station] = count;
        }
    }

    private JournalRecord Event(string station, string name, long count) => new(station, JournalKind.Event, time.GetUtcNow(), $$"""{"event":"{{name}}","count":{{count}}}""");

    private JournalFile Open()
    {
        if (System.IO.Path.GetDirectoryName(Path) is { } folder) Directory.CreateDirectory(folder);
        JournalFile journal = JournalFile.OpenForWriting(Path);
        Interlocked.Increment(ref opened);
        Appended?.Invoke();
        return journal;
    }

    /// <summary>Kept for whoever can read more of it; the line goes on with a new one.</summary>
    private void SetAside(string why)
    {
        string aside = $"{Path}.damaged-{time.GetUtcNow():yyyyMMddHHmmss}";
        foreach (string suffix in (string[])["", "-wal", "-shm"]) if (File.Exists(Path + suffix)) File.Move(Path + suffix, aside + suffix, overwrite: true);
        sent.Clear();
        LogDamaged(Path, why, aside);
    }

    private void Prune()
    {
        Dictionary<string, long> unsent = [];
        long removed = file!.Prune(time.GetUtcNow() - TimeSpan.FromDays(options.KeepDays), unsent);
        long limit = options.MaxMegabytes * 1_000_000L, bytes = file.Bytes;
        if (bytes > limit) removed += file.PruneTo((long)(file.Count * 0.9 * limit / bytes), unsent);
        if (removed == 0) return;
        LogPruned(removed);
        List<JournalRecord> told = [];
        foreach (string station in forwarded.Where(unsent.ContainsKey))
        {
            told.Add(Event(station, "records-removed-unsent", unsent[station]));
            removedUnsent.AddOrUpdate(station, unsent[station], (_, n) => n + unsent[station]);
            LogRemovedUnsent(unsent[station], station);
        }
        Append(told);
    }

    private void Fail(Exception e)
    {
        Interlocked.Exchange(ref writingSince, 0);
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

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} entries of {Station} were removed from the journal before a historian had them")]
    private partial void LogRemovedUnsent(long count, string station);
}
