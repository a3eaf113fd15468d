using System.Threading.Channels;
using Edge.Agent.Configuration;
using Edge.Agent.Inspection;
using MQTTnet;

namespace Edge.Agent.Delivery;

/// <summary>
/// Asks a trainer on another machine what it has of the stations' models: by the clock, and at once when a retained message says that something is new. The message is only a
/// reason to ask; what is fetched, and from where, is between the configuration and the trainer's certificate. Nothing here holds up a station.
/// </summary>
internal sealed partial class DeliveryService : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5), Pause = TimeSpan.FromSeconds(1);

    private readonly DeliveryOptions options;
    private readonly VersionDelivery delivery;
    private readonly DeliveryMetrics metrics;
    private readonly FetchCounts counts;
    private readonly IReadOnlyList<string> models;
    private readonly BrokerLink? link;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly Channel<bool> news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Occasional invalid;
    private readonly Dictionary<string, string> told = [];

    public DeliveryService(AgentOptions agent, IReadOnlyList<Station> stations, VersionDelivery delivery, DeliveryMetrics metrics, FetchCounts counts, TimeProvider time, ILogger log)
    {
        (options, this.delivery, this.metrics, this.counts, this.time, this.log) = (agent.Delivery, delivery, metrics, counts, time, log);
        models = [.. stations.SelectMany(s => s.Recipes.Models).Distinct().Order(StringComparer.Ordinal)];
        foreach (string model in models) metrics.Expect(model);
        invalid = new Occasional(time);
        if (!agent.Mqtt.Enabled) return;
        string topic = $"edge/+/{options.Trainer}/models/+";
        // No station has '~' in its name.
        link = new BrokerLink(agent.Mqtt, new BrokerIdentity($"{agent.Mqtt.ClientIdPrefix}-{agent.Line}-~delivery", Will: null, KeepSession: false) { RetainedTopics = [topic] },
            new Dictionary<string, Action<MqttApplicationMessage, Action>> { [topic] = Receive }, time, log);
    }

    /// <summary>Messages on the topic of models that are none.</summary>
    public long Invalid => invalid.Count;

    /// <summary>It has been connected and subscribed.</summary>
    public bool Listens => link is { Connects: > 0 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAny(link?.RunAsync(stoppingToken) ?? Task.Delay(Timeout.Infinite, stoppingToken), LookAsync(stoppingToken)).Unwrap().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { }
        finally
        {
            if (link is not null) await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task LookAsync(CancellationToken stop)
    {
        TimeSpan poll = TimeSpan.FromMinutes(options.PollMinutes), retry = FirstRetry;
        while (true)
        {
            bool fine = await LookOnceAsync(stop).ConfigureAwait(false);
            TimeSpan wait = fine || retry > poll ? poll : retry;
            retry = fine ? FirstRetry : retry * 2;
            await Task.Delay(Pause, time, stop).ConfigureAwait(false);   // a flood of messages is one reason to ask
            using CancellationTokenSource waiting = CancellationTokenSource.CreateLinkedTokenSource(stop);
            await Task.WhenAny(news.Reader.WaitToReadAsync(waiting.Token).AsTask(), Task.Delay(wait, time, waiting.Token)).ConfigureAwait(false);
            await waiting.CancelAsync().ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            if (news.Reader.TryRead(out _)) retry = FirstRetry;
        }
    }

    /// <summary>True when all that the trainer has is here.</summary>
    private async Task<bool> LookOnceAsync(CancellationToken stop)
    {
        HashSet<DeliveryTrouble> troubles = [];
        foreach (string model in models)
        {
            try
            {
                using PackageServer server = new(options);
                await delivery.FollowAsync(server, model, new Counted(this), stop).ConfigureAwait(false);
                if (told.Remove(model)) LogWell(model);
            }
            catch (Exception e) when (e is EdgeException or IOException or UnauthorizedAccessException)
            {
                troubles.Add((e as DeliveryException)?.Trouble ?? DeliveryTrouble.Disk);   // the models folder cannot be looked at: no reason to stop a line
                if (told.GetValueOrDefault(model) != e.Message) LogTrouble(model, e.Message);
                told[model] = e.Message;
            }
        }
        metrics.Set(troubles, counts, invalid.Count);
        return troubles.Count == 0;
    }

    /// <summary>A reason to ask. An empty one was cleared by the trainer: there is nothing to fetch.</summary>
    private void Receive(MqttApplicationMessage message, Action acknowledge)
    {
        string topic = message.Topic;
        if (message.Payload.Length > 0)
        {
            if (StrictJson.Parse(message.Payload, ModelOffer.MaxBytes, OfferJson.Default.ModelOffer, o => o.Model != topic[(topic.LastIndexOf('/') + 1)..] ? "it is about another model than its topic" : o.WhyInvalid(), out string? why) is { } offer)
            {
                if (models.Contains(offer.Model)) news.Writer.TryWrite(true);
            }
            else if (invalid.Add(out long more)) LogInvalid(topic, why!, more);
        }
        acknowledge();
    }

    /// <summary>Metrics move while a long fetch goes on.</summary>
    private sealed class Counted(DeliveryService service) : IProgress<FetchProgress>
    {
        public void Report(FetchProgress value) => service.metrics.Set(service.counts, service.invalid.Count);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "model {Model}: what the trainer has is not here: {Why}")]
    private partial void LogTrouble(string model, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "model {Model}: all that the trainer has is here again")]
    private partial void LogWell(string model);

    [LoggerMessage(Level = LogLevel.Warning, Message = "a message on {Topic} announces no model: {Why} (and {More} more)")]
    private partial void LogInvalid(string topic, string why, long more);
}
