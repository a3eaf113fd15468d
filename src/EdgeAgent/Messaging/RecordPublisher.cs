using System.Buffers;
using System.Threading.Channels;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Journal;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Agent.Messaging;

/// <summary>
/// Store and forward: a station's journal entries to whoever keeps records, in order, from the disk. One is under way at a time, the
/// next goes out when the broker has it; what waits for a broker costs no memory. Verdicts go first.
/// </summary>
internal sealed partial class RecordPublisher : IDisposable
{
    private const int Batch = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2), Yielding = TimeSpan.FromMilliseconds(10), LongestYield = TimeSpan.FromSeconds(1);

    private readonly RecordOptions options;
    private readonly BrokerLink link;
    private readonly Topics topics;
    private readonly Ledger ledger;
    private readonly StationJournal journal;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Channel<bool> appended = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly Backlog backlog;
    private long sent;
    private string? trouble;

    public RecordPublisher(RecordOptions options, BrokerLink link, Topics topics, Ledger ledger, JournalWriter writer, string station, TimeProvider time, ILogger log)
    {
        (this.options, this.link, this.topics, this.ledger, this.time, this.log) = (options, link, topics, ledger, time, log);
        journal = new StationJournal(writer, station);
        backlog = new Backlog(journal, time);
        writer.Appended += () => appended.Writer.TryWrite(true);
    }

    /// <summary>Acknowledged by the broker, and heard by somebody if that is asked for.</summary>
    public long Sent => Interlocked.Read(ref sent);

    /// <summary>Entries on the disk that are still to be sent, as counted some seconds ago.</summary>
    public long Backlog => backlog.Count;

    /// <summary>Age of the oldest of them.</summary>
    public TimeSpan OldestAge => backlog.OldestAge;

    public async Task RunAsync(CancellationToken stop)
    {
        using RecordWriter writer = new();
        while (true)
        {
            try
            {
                if (await SendNextAsync(writer, stop).ConfigureAwait(false)) continue;
                await appended.Reader.ReadAsync(stop).ConfigureAwait(false);
            }
            catch (EdgeException e)
            {
                if (trouble is null) LogTrouble(e.Message);
                trouble = e.Message;
                await Task.Delay(Pause, time, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>False when everything is sent.</summary>
    private async Task<bool> SendNextAsync(RecordWriter writer, CancellationToken stop)
    {
        IReadOnlyList<StationEntry> entries = journal.Next(Batch);
        backlog.See(entries, Batch);
        if (entries.Count > 0 && !link.IsConnected)
        {
            // Looked at again now and then, so that the metrics say how many wait.
            await Task.WhenAny(link.WaitConnectedAsync(stop), Task.Delay(Pause, time, stop)).ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            return true;
        }
        long started = time.GetTimestamp();
        for (int i = 0; i < entries.Count; i++)
        {
            backlog.IsNext(entries[i]);
            await WaitForTurnAsync(i, started, stop).ConfigureAwait(false);
            DateTimeOffset connected = link.ConnectedAt;
            MqttApplicationMessage message = new()
            {
                Topic = topics.Record,
                Payload = new ReadOnlySequence<byte>(writer.Write(journal.Id, entries[i], entries[i].Entry.At < connected)),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                ContentType = "application/json",
            };
            MqttClientPublishReasonCode answer = await link.SendAsync(message, stop).ConfigureAwait(false);
            if (answer == MqttClientPublishReasonCode.NoMatchingSubscribers && options.WaitForSubscriber) throw new EdgeException("nobody is subscribed");
            if (answer is not (MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers)) throw new EdgeException($"the broker refuses them: {answer}");
            journal.MarkSent(entries[i].Entry.Seq);
            Interlocked.Increment(ref sent);
            backlog.OneLess();
            trouble = null;
        }
        return entries.Count > 0;
    }

    /// <summary>No verdict waits (for a while: a line at its limit would starve the records), and not faster than allowed.</summary>
    private async Task WaitForTurnAsync(int index, long started, CancellationToken stop)
    {
        TimeSpan early = TimeSpan.FromSeconds((double)index / options.MaxPerSecond) - time.GetElapsedTime(started);
        if (early > TimeSpan.FromMilliseconds(1)) await Task.Delay(early, time, stop).ConfigureAwait(false);
        for (TimeSpan yielded = TimeSpan.Zero; ledger.Outbox.Count > 0 && yielded < LongestYield; yielded += Yielding) await Task.Delay(Yielding, time, stop).ConfigureAwait(false);
    }

    public void Dispose() => journal.Dispose();

    [LoggerMessage(Level = LogLevel.Information, Message = "records wait on the disk: {Why}")]
    private partial void LogTrouble(string why);
}
