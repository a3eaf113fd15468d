using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Edge.Training.Service.Configuration;
using Edge.Training.Service.Delivery;
using Edge.Training.Service.Runs;
using MQTTnet;
using MQTTnet.Protocol;

namespace Edge.Training.Service.Messaging;

/// <summary>The trainer at the broker: commands in, the retained status and every run's end out.</summary>
internal sealed class TrainerLink : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string prefix;
    private readonly RunBook book;
    private readonly TrainingProcess process;
    private readonly DriftWatch drift;
    private readonly BrokerLink link;
    private readonly CommandLoop<TrainerCommand> commands;
    private readonly Announcer? announcer;
    private readonly Channel<RetrainingRun?> news = Channel.CreateBounded<RetrainingRun?>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly DateTimeOffset since;

    public TrainerLink(ServeOptions options, RunBook book, RunLoop loop, TrainingProcess process, DriftWatch drift, TimeProvider time, ILoggerFactory logs, Offers? offers = null)
    {
        (this.book, this.process, this.drift, since, prefix) = (book, process, drift, time.GetUtcNow(), $"edge/{options.Line}/{options.Name}/");
        ILogger log = logs.CreateLogger(options.Name);
        commands = new CommandLoop<TrainerCommand>(prefix + "response/", new TrainerCommands(options, book, loop, process), time, log);
        Dictionary<string, Action<MqttApplicationMessage, Action>> subscriptions = new() { [prefix + "command"] = commands.Receive };
        if (options.Products.Values.Any(p => p.OnDrift)) subscriptions[$"edge/{options.Line}/+/drift"] = drift.Receive;
        link = new BrokerLink(options.Mqtt, BrokerIdentity.WithStatus($"edge-{options.Line}-{options.Name}", Status), subscriptions, time, log);
        if (offers is not null) announcer = new Announcer(prefix + "models/", offers, link);
        link.Connected += () => news.Writer.TryWrite(null);
        book.Changed += run => news.Writer.TryWrite(run);
    }

    public bool IsConnected => link.IsConnected;

    /// <summary>Messages that are not what belongs on their topic.</summary>
    public long Invalid => commands.Invalid + drift.Invalid;

    private string Status => prefix + "status";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Task connection = link.RunAsync(stoppingToken), answers = commands.RunAsync(link, stoppingToken), publishing = PublishAsync(stoppingToken), announcing = announcer?.RunAsync(stoppingToken) ?? answers;
        await Task.WhenAny(connection, answers, publishing, announcing).Unwrap().ConfigureAwait(false);
    }

    private async Task PublishAsync(CancellationToken stop)
    {
        await foreach (RetrainingRun? run in news.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            await link.WaitConnectedAsync(stop).ConfigureAwait(false);
            try
            {
                if (run is { IsOver: true }) await SendAsync(prefix + "run", RunMessage.Of(run)!, TrainerJson.Default.RunMessage, retain: false, stop).ConfigureAwait(false);
                TrainerStatus status = new("online", RunMessage.Of(book.Running, process.Progress), book.Queued, RunMessage.Of(book.Last), Build.Version, since);
                await SendAsync(Status, status, TrainerJson.Default.TrainerStatus, retain: true, stop).ConfigureAwait(false);
            }
            catch (EdgeException) when (run is { IsOver: true })
            {
                news.Writer.TryWrite(run);   // said again with the next connection
            }
            catch (EdgeException)
            {
                // The status is said again with the next connection.
            }
        }
    }

    private Task<bool> SendAsync<T>(string topic, T message, JsonTypeInfo<T> type, bool retain, CancellationToken stop) => SendAsync(topic, JsonSerializer.SerializeToUtf8Bytes(message, type), retain, stop);

    private Task<bool> SendAsync(string topic, byte[] json, bool retain, CancellationToken stop) => link.PublishAsync(
        new MqttApplicationMessage
        {
            Topic = topic,
            Payload = new ReadOnlySequence<byte>(json),
            Retain = retain,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            ContentType = "application/json",
        },
        stop);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        using CancellationTokenSource patience = new(Patience);
        try
        {
            if (link.IsConnected) await SendAsync(Status, """{"state":"offline"}"""u8.ToArray(), retain: true, patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EdgeException or OperationCanceledException)
        {
            // The broker has gone; the will says the same.
        }
        await link.DisposeAsync().ConfigureAwait(false);
    }
}
