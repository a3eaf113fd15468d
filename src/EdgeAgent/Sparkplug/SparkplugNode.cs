using System.Buffers;
using System.Threading.Channels;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using Edge.Agent.Journal;
using Edge.Agent.Sparkplug.Proto;
using Edge.Journal;
using Google.Protobuf;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Agent.Sparkplug;

/// <summary>
/// The agent as a Sparkplug B edge node (Eclipse Sparkplug 3.0.0): an MQTT client of its own, because its will is the death certificate. One task publishes
/// for all devices, as they share one sequence. Data goes at QoS 0, as the specification wants it; a result counts as sent when the broker has answered a ping that came after it.
/// </summary>
internal sealed partial class SparkplugNode : BackgroundService
{
    private const string Rebirth = "Node Control/Rebirth";

    /// <summary>Changes that nobody announces are looked for so often.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly SparkplugTopics topics;
    private readonly SparkplugDevice[] devices;
    private readonly BrokerLink link;
    private readonly BirthSequence births;
    private readonly HostState host = new();
    private readonly string line;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Action<string, Exception> failed;
    private readonly Occasional invalid;
    private readonly SemaphoreSlim turn = new(1);
    private readonly Channel<bool> changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private byte sequence, session;
    private int rebirth;
    private long born;
    private volatile bool online;

    public SparkplugNode(AgentOptions agent, IReadOnlyList<Station> stations, JournalWriter journal, TimeProvider time, ILogger log, Action<string, Exception> failed)
    {
        (line, this.time, this.log, this.failed) = (agent.Line, time, log, failed);
        topics = new SparkplugTopics(agent.Sparkplug, agent.Line);
        births = new BirthSequence(new StateFile(agent.State, "sparkplug.bdseq"), log);
        invalid = new Occasional(time);
        devices = [.. stations.Select(s => new SparkplugDevice(s, journal, agent.Sparkplug.MaxPerSecond, time, log))];
        Dictionary<string, Action<MqttApplicationMessage, Action>> subscriptions = new() { [topics.NodeCommand] = Command };
        if (topics.HostState is { } state) subscriptions[state] = Host;
        // A station's name has no ':', so the client id is no station's.
        BrokerIdentity identity = new($"{agent.Mqtt.ClientIdPrefix}-{agent.Line}:sparkplug", () => Death(births.Current), KeepSession: false) { RetainedTopics = topics.HostState is { } primary ? [primary] : [], Held = agent.Mqtt.HeldTriggers };
        link = new BrokerLink(agent.Mqtt, identity, subscriptions, time, log) { Session = SessionAsync };
        journal.Appended += Touch;
        foreach (Station station in stations)
        {
            station.Camera.Changed += Touch;
            station.Watcher.Changed += Touch;
            station.Inspector.Changed += Touch;
        }
    }

    public IReadOnlyList<SparkplugDevice> Devices => devices;

    /// <summary>Its birth is published and the connection stands.</summary>
    public bool IsOnline => online;

    /// <summary>Births of the node, rebirths included.</summary>
    public long Births => Interlocked.Read(ref born);

    /// <summary>Messages on NCMD and STATE that are none.</summary>
    public long Invalid => invalid.Count;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await (await Task.WhenAny(link.RunAsync(stoppingToken), CountAsync(stoppingToken)).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
        catch (Exception e)
        {
            failed("sparkplug", e);
        }
        await link.DieAsync(Death(session)).ConfigureAwait(false);
        await link.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>While there is no session: how many results wait.</summary>
    private async Task CountAsync(CancellationToken stop)
    {
        while (true)
        {
            if (await turn.WaitAsync(TimeSpan.Zero, stop).ConfigureAwait(false))
            {
                foreach (SparkplugDevice device in devices) device.Look();
                turn.Release();
            }
            await Task.Delay(Look, time, stop).ConfigureAwait(false);
        }
    }

    private async Task SessionAsync(CancellationToken over)
    {
        session = births.Use();
        try
        {
            await turn.WaitAsync(over).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        try
        {
            await RunAsync(over).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested) { }
        catch (EdgeException)
        {
            // The connection is away, or the broker answers no more: a new session either way.
        }
        online = false;
        host.Forget();
        foreach (SparkplugDevice device in devices) device.Lose();
        turn.Release();
        if (!over.IsCancellationRequested) await link.DieAsync(Death(session)).ConfigureAwait(false);
    }

    /// <summary>Until the primary host goes away, or an exception.</summary>
    private async Task RunAsync(CancellationToken over)
    {
        if (topics.HostState is not null && !host.IsOnline) LogWaiting(topics.HostState);
        while (topics.HostState is not null && !host.IsOnline)
        {
            foreach (SparkplugDevice device in devices) device.Look();
            await WaitAsync(Look, over).ConfigureAwait(false);
        }
        Volatile.Write(ref rebirth, 1);
        while (topics.HostState is null || host.IsOnline)
        {
            if (Interlocked.Exchange(ref rebirth, 0) == 1) await BirthAsync(over).ConfigureAwait(false);
            (TimeSpan due, bool sent) = (Look, false);
            foreach (SparkplugDevice device in devices) sent |= await TendAsync(device, over).ConfigureAwait(false);
            if (sent) continue;
            foreach (SparkplugDevice device in devices) if (device.BornAt is not null && device.Due > TimeSpan.Zero && device.Due < due) due = device.Due;
            await WaitAsync(due, over).ConfigureAwait(false);
        }
        LogHostOffline(topics.HostState!);
    }

    private async Task BirthAsync(CancellationToken over)
    {
        DateTimeOffset now = time.GetUtcNow();
        sequence = 0;
        await SendAsync(
            topics.NodeBirth,
            [SparkplugMetric.Of("bdSeq", (long)session, now), SparkplugMetric.Of(Rebirth, false, now), SparkplugMetric.Of("Properties/Software", "edge-agent", now), SparkplugMetric.Of("Properties/Version", Build.Version, now), SparkplugMetric.Of("Properties/Line", line, now)],
            now, over).ConfigureAwait(false);
        foreach (SparkplugDevice device in devices) if (device.BornAt is not null) await SendAsync(topics.DeviceBirth(device.Name), device.Birth(now), now, over).ConfigureAwait(false);
        Interlocked.Increment(ref born);
        online = true;
        LogBorn(session);
    }

    /// <summary>Brings a device up to date; false when nothing more is to be sent now.</summary>
    private async Task<bool> TendAsync(SparkplugDevice device, CancellationToken over)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!device.IsAlive)
        {
            device.Look();
            if (device.BornAt is null) return false;
            device.BornAt = null;
            await SendAsync(topics.DeviceDeath(device.Name), [], now, over).ConfigureAwait(false);
            return false;
        }
        if (device.BornAt is null)
        {
            await SendAsync(topics.DeviceBirth(device.Name), device.Birth(now), now, over).ConfigureAwait(false);
            device.BornAt = now;
        }
        if (device.Changes(now).ToArray() is { Length: > 0 } changes) await SendAsync(topics.DeviceData(device.Name), changes, now, over).ConfigureAwait(false);
        IReadOnlyList<JournalEntry> results = device.Next();
        foreach (JournalEntry result in results)
        {
            Payload.Types.Metric[] metrics = [.. ResultMetrics.Of(result.Record, result.At)];
            // What waited is history: a host must not take it for what is now.
            if (result.At < device.BornAt) foreach (Payload.Types.Metric metric in metrics) metric.IsHistorical = true;
            await SendAsync(topics.DeviceData(device.Name), metrics, time.GetUtcNow(), over).ConfigureAwait(false);
        }
        if (results.Count > 0) await link.FlushAsync(over).ConfigureAwait(false);
        device.Confirm(results.Count);
        return results.Count > 0;
    }

    private async Task SendAsync(string topic, IEnumerable<Payload.Types.Metric> metrics, DateTimeOffset now, CancellationToken over)
    {
        Payload payload = SparkplugMetric.Payload(now, metrics);
        payload.Seq = sequence++;   // 255 is followed by 0
        await link.SendAsync(new MqttApplicationMessage { Topic = topic, Payload = new ReadOnlySequence<byte>(payload.ToByteArray()), QualityOfServiceLevel = MqttQualityOfServiceLevel.AtMostOnce }, over).ConfigureAwait(false);
    }

    /// <summary>The will: no sequence number, and the number of the birth that it ends.</summary>
    private MqttApplicationMessage Death(byte number)
    {
        DateTimeOffset now = time.GetUtcNow();
        return new MqttApplicationMessage
        {
            Topic = topics.NodeDeath,
            Payload = new ReadOnlySequence<byte>(SparkplugMetric.Payload(now, [SparkplugMetric.Of("bdSeq", (long)number, now)]).ToByteArray()),
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
        };
    }

    private void Command(MqttApplicationMessage message, Action acknowledge)
    {
        acknowledge();
        try
        {
            Payload payload = Payload.Parser.ParseFrom(message.Payload);
            if (!payload.Metrics.Any(m => m.Name == Rebirth && m.BooleanValue)) return;   // there is nothing else to command
        }
        catch (InvalidProtocolBufferException e)
        {
            if (invalid.Add(out long more)) LogInvalid(message.Topic, message.Payload.Length, e.Message, more);
            return;
        }
        Volatile.Write(ref rebirth, 1);
        Touch();
    }

    private void Host(MqttApplicationMessage message, Action acknowledge)
    {
        acknowledge();
        if (!host.Receive(message.Payload) && invalid.Add(out long more)) LogInvalid(message.Topic, message.Payload.Length, """it must be {"online": true or false, "timestamp": milliseconds}""", more);
        Touch();
    }

    private void Touch() => changed.Writer.TryWrite(true);

    /// <summary>For something to do, or so long.</summary>
    private async Task WaitAsync(TimeSpan longest, CancellationToken over)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(over);
        patience.CancelAfter(longest);
        try
        {
            await changed.Reader.ReadAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!over.IsCancellationRequested) { }
    }

    public override void Dispose()
    {
        foreach (SparkplugDevice device in devices) device.Dispose();
        turn.Dispose();
        base.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Sparkplug: born with bdSeq {Number}")]
    private partial void LogBorn(byte number);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sparkplug: waits for its primary host, {Topic} does not say that it is online; results wait on the disk")]
    private partial void LogWaiting(string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sparkplug: the primary host is offline ({Topic}); results wait on the disk")]
    private partial void LogHostOffline(string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message of {Bytes} bytes on {Topic} is not understood: {Why} ({More} more since the last such line)")]
    private partial void LogInvalid(string topic, long bytes, string why, long more);
}
