using Edge.Agent.Capture;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Journal;
using Metric = Edge.Agent.Sparkplug.Proto.Payload.Types.Metric;

namespace Edge.Agent.Sparkplug;

/// <summary>
/// A station as a device. Its results come from the journal, with a mark of their own: what can't be sent waits there. Belongs to
/// the node's task; the counts may be read from any thread.
/// </summary>
internal sealed partial class SparkplugDevice : IDisposable
{
    /// <summary>Whose progress the mark in the journal is.</summary>
    private const string Receiver = "sparkplug";

    private const int Batch = 20;

    private readonly Station station;
    private readonly StationJournal journal;
    private readonly Backlog backlog;
    private readonly TimeSpan perResult;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private Situation told;
    private long startedAt, sent, gaps, last;
    private int sentOfBatch;
    private string? trouble;

    /// <summary>What else than results is told.</summary>
    private readonly record struct Situation(bool Ready, string? NotReady, string? Model, int? Version, string? Recipe);

    public SparkplugDevice(Station station, JournalWriter writer, int maxPerSecond, TimeProvider time, ILogger log)
    {
        (this.station, this.time, this.log, perResult) = (station, time, log, TimeSpan.FromSeconds(1.0 / maxPerSecond));
        journal = new StationJournal(writer, station.Name, Receiver);
        backlog = new Backlog(journal, time);
    }

    public string Name => station.Name;

    /// <summary>A camera that gives no frames is a device that is dead: its results wait until it is back.</summary>
    public bool IsAlive => station.Camera.State is CameraState.Online or CameraState.Ended;

    /// <summary>When its birth was published in this session; null = not yet, or dead.</summary>
    public DateTimeOffset? BornAt { get; set; }

    public long Sent => Interlocked.Read(ref sent);
    public long Backlog => backlog.Count;
    public TimeSpan OldestAge => backlog.OldestAge;

    /// <summary>Times that the journal had removed results (age, size) before they were sent.</summary>
    public long Gaps => Interlocked.Read(ref gaps);

    /// <summary>Everything that will ever be in its data, with the values of now.</summary>
    public IEnumerable<Metric> Birth(DateTimeOffset now)
    {
        JournalEntry? part = Try(() => journal.LastPart);
        told = Now();
        return [.. Metrics(told, now), .. ResultMetrics.Of(part?.Record, part?.At ?? now)];
    }

    /// <summary>What is not as it was told; empty when nothing has changed.</summary>
    public IEnumerable<Metric> Changes(DateTimeOffset now)
    {
        Situation before = told;
        if (Now() == before) return [];
        told = Now();
        return Metrics(told, now).Except(Metrics(before, now));
    }

    /// <summary>The next results of parts, not more than may be sent now. Each is to be marked by <see cref="Confirm"/> when the broker has them.</summary>
    public IReadOnlyList<JournalEntry> Next()
    {
        if (Due > TimeSpan.Zero) return [];
        IReadOnlyList<StationEntry> entries = Look();
        (startedAt, sentOfBatch, last) = (time.GetTimestamp(), entries.Count, entries.Count > 0 ? entries[^1].Entry.Seq : 0);
        if (entries.Count > 0 && journal.Sent > 0 && entries[0].Previous > journal.Sent)
        {
            Interlocked.Increment(ref gaps);
            LogGap(Name, journal.Sent, entries[0].Entry.Seq);
        }
        return [.. entries.Select(e => e.Entry).Where(e => e.Kind == JournalKind.Part)];
    }

    /// <summary>When the next results may be sent, from now.</summary>
    public TimeSpan Due => sentOfBatch == 0 ? TimeSpan.Zero : sentOfBatch * perResult - time.GetElapsedTime(startedAt);

    /// <param name="results">How many it gave.</param>
    /// <summary>The broker has everything that <see cref="Next"/> gave.</summary>
    public void Confirm(int results)
    {
        if (last == 0) return;
        journal.MarkSent(last);
        last = 0;
        Interlocked.Add(ref sent, results);
    }

    /// <summary>The connection went before the broker had them: they come again.</summary>
    public void Lose() => (BornAt, last, sentOfBatch) = (null, 0, 0);

    /// <summary>Reads what waits, and counts it.</summary>
    public IReadOnlyList<StationEntry> Look() => Try(() =>
    {
        IReadOnlyList<StationEntry> entries = journal.Next(Batch);
        backlog.See(entries, Batch);
        return entries;
    }) ?? [];

    private Situation Now() =>
        new(station.NotReady() is null, station.NotReady(), station.Inspector.Model?.Name, station.Inspector.Model?.Version, station.Recipes.Current.Name);

    private static Metric[] Metrics(Situation now, DateTimeOffset at) =>
    [
        SparkplugMetric.Of("Station/Ready", now.Ready, at),
        SparkplugMetric.Of("Station/NotReady", now.NotReady, at),
        SparkplugMetric.Of("Station/Model", now.Model, at),
        SparkplugMetric.Of("Station/Version", now.Version, at),
        SparkplugMetric.Of("Station/Recipe", now.Recipe, at),
    ];

    /// <summary>A disk that can't be read at the moment ends no session.</summary>
    private T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            T? got = read();
            trouble = null;
            return got;
        }
        catch (EdgeException e)
        {
            if (trouble is null) LogTrouble(Name, e.Message);
            trouble = e.Message;
            return null;
        }
    }

    public void Dispose() => journal.Dispose();

    [LoggerMessage(Level = LogLevel.Warning, Message = "results of {Station} wait: {Why}")]
    private partial void LogTrouble(string station, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "results of {Station} between {Last} and {Next} were removed from the journal before they were sent")]
    private partial void LogGap(string station, long last, long next);
}
