using System.Buffers;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Polly;
using Polly.Retry;

namespace Edge.Hosting;

/// <summary>An MQTT 5 client: a station's, the Sparkplug edge node's, the trainer's. It connects, and connects again, in its own task; whoever wants to publish waits there, never the inspection.</summary>
internal sealed partial class BrokerLink : IAsyncDisposable
{
    /// <summary>MQTTnet gives this size to the socket's buffers as well; its default of 8 KiB stalls large messages.</summary>
    private const int BufferBytes = 512 * 1024;

    /// <summary>The broker sends nothing larger: a trigger is small.</summary>
    private const uint MaxPacketBytes = 64 * 1024;

    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly BrokerOptions options;
    private readonly BrokerIdentity identity;
    private readonly IReadOnlyDictionary<string, Action<MqttApplicationMessage, Action>> subscriptions;
    private readonly ResiliencePipeline connecting;
    private readonly SemaphoreSlim closed = new(0);
    private readonly TimeProvider time;
    private readonly ILogger log;
    private volatile TaskCompletionSource connected = NewSignal();
    private readonly long[] failures = new long[Enum.GetValues<BrokerTrouble>().Length];
    private long connects;

    /// <param name="subscriptions">Topics (with wildcards or without), and who takes their messages and acknowledges each in the end. Payloads are valid until the call returns.</param>
    /// <exception cref="EdgeException">The password, CA or certificate file can't be read.</exception>
    public BrokerLink(BrokerOptions options, BrokerIdentity identity, IReadOnlyDictionary<string, Action<MqttApplicationMessage, Action>> subscriptions, TimeProvider time, ILogger log)
    {
        (this.options, this.identity, this.subscriptions, this.time, this.log) = (options, identity, subscriptions, time, log);
        Certificates = new BrokerCertificates(options, time, log);
        Refusals = new BrokerRefusals(time, log);
        _ = ClientOptions();   // a file that is missing now is a mistake in the configuration; later it is trouble to wait out
        connecting = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(100),
            MaxDelay = TimeSpan.FromSeconds(5),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not null && !attempt.Context.CancellationToken.IsCancellationRequested),
            OnRetry = attempt =>
            {
                Interlocked.Increment(ref failures[(int)((attempt.Outcome.Exception as BrokerException)?.Trouble ?? BrokerTrouble.Unreachable)]);
                // Every attempt at first, later one in 64: about every five minutes.
                if (attempt.AttemptNumber < 3 || attempt.AttemptNumber % 64 == 0) LogNoBroker(options.Host, options.Port, attempt.Outcome.Exception!.Message);
                return default;
            },
        }).Build();
        Receipts = new Receipts(identity.Held, time);
        client.DisconnectedAsync += _ =>
        {
            Receipts.Forget();
            closed.Release();
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += message =>
        {
            string topic = message.ApplicationMessage.Topic;
            if (!subscriptions.TryGetValue(topic, out Action<MqttApplicationMessage, Action>? take))
                take = subscriptions.FirstOrDefault(s => MqttTopicFilterComparer.Compare(topic, s.Key) == MqttTopicFilterCompareResult.IsMatch).Value;
            if (take is null) return Task.CompletedTask;
            message.AutoAcknowledge = false;
            take(message.ApplicationMessage, Receipts.Hold(() => _ = AcknowledgeAsync(message)).Done);
            return Task.CompletedTask;
        };
    }

    private static async Task AcknowledgeAsync(MqttApplicationMessageReceivedEventArgs message)
    {
        try
        {
            await message.AcknowledgeAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The connection has just gone, which shows as whatever exception; the broker will send the trigger again.
        }
    }

    /// <summary>Triggers that are not acknowledged yet.</summary>
    public Receipts Receipts { get; }

    public bool IsConnected => client.IsConnected;
    public long Connects => Interlocked.Read(ref connects);
    public BrokerCertificates Certificates { get; }
    public BrokerRefusals Refusals { get; }

    /// <summary>Attempts to connect that failed.</summary>
    public long Failures(BrokerTrouble trouble) => Interlocked.Read(ref failures[(int)trouble]);

    /// <summary>True when the broker had kept this client's session.</summary>
    public bool SessionPresent { get; private set; }

    /// <summary>Beginning of the present connection, or of the last.</summary>
    public DateTimeOffset ConnectedAt { get; private set; }

    /// <summary>Raised when it is connected and subscribed.</summary>
    public event Action? Connected;

    /// <summary>What is done while one connection lasts, with a token that ends with it; the next is made when it is over. Null = nothing.</summary>
    public Func<CancellationToken, Task>? Session { get; init; }

    /// <summary>Done while connected.</summary>
    public Task WaitConnectedAsync(CancellationToken stop) => connected.Task.WaitAsync(stop);

    public async Task RunAsync(CancellationToken stop)
    {
        while (true)
        {
            await connecting.ExecuteAsync(ConnectAsync, stop).ConfigureAwait(false);
            Interlocked.Increment(ref connects);
            LogConnected(SessionPresent);
            connected.TrySetResult();
            Connected?.Invoke();
            using (CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                Task session = Session?.Invoke(over.Token) ?? Task.CompletedTask;
                try
                {
                    // Signals of earlier connections may still come: only the client's own state counts.
                    while (client.IsConnected && !session.IsFaulted)
                    {
                        Certificates.Check();
                        await closed.WaitAsync(TimeSpan.FromSeconds(1), stop).ConfigureAwait(false);
                    }
                }
                finally
                {
                    await over.CancelAsync().ConfigureAwait(false);
                    await session.ConfigureAwait(false);
                }
            }
            connected = NewSignal();
            LogDisconnected();
        }
    }

    private async ValueTask ConnectAsync(CancellationToken stop)
    {
        MqttClientConnectResult result;
        try
        {
            result = await client.ConnectAsync(ClientOptions(), stop).ConfigureAwait(false);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            throw BrokerException.Of(e, Certificates, options);
        }
        if (result.ResultCode != MqttClientConnectResultCode.Success) throw BrokerException.Of(result, options);
        (SessionPresent, ConnectedAt) = (result.IsSessionPresent, time.GetUtcNow());
        if (subscriptions.Count == 0) return;
        List<MqttTopicFilter> filters = [.. subscriptions.Keys.Select(topic => new MqttTopicFilter
        {
            Topic = topic,
            QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
            RetainHandling = identity.RetainedTopics.Contains(topic) ? MqttRetainHandling.SendAtSubscribe : MqttRetainHandling.DoNotSendOnSubscribe,
        })];
        MqttClientSubscribeResult subscribed = await client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = filters }, stop).ConfigureAwait(false);
        if (subscribed.Items.FirstOrDefault(i => i.ResultCode > MqttClientSubscribeResultCode.GrantedQoS2) is not { } no) return;
        await client.DisconnectAsync(new MqttClientDisconnectOptions(), stop).ConfigureAwait(false);
        throw new BrokerException(BrokerTrouble.Forbidden, $"the broker refuses the subscription to {no.TopicFilter.Topic}: {no.ResultCode}; check its access control list");
    }

    /// <summary>Sends; with QoS 1 done when the broker has acknowledged. False: it was acknowledged with a refusal, which is counted and logged here.</summary>
    /// <exception cref="EdgeException">The connection is away.</exception>
    public async Task<bool> PublishAsync(MqttApplicationMessage message, CancellationToken stop) =>
        await SendAsync(message, stop).ConfigureAwait(false) is MqttClientPublishReasonCode.Success or MqttClientPublishReasonCode.NoMatchingSubscribers;

    /// <summary>The same, with what the broker answers: it may say that nobody is subscribed.</summary>
    /// <exception cref="EdgeException">The connection is away.</exception>
    public async Task<MqttClientPublishReasonCode> SendAsync(MqttApplicationMessage message, CancellationToken stop)
    {
        MqttClientPublishResult result;
        try
        {
            // Not cancelled inside MQTTnet: the acknowledgement that nobody waits for any more would break the connection.
            result = await client.PublishAsync(message, CancellationToken.None).WaitAsync(stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A connection that breaks shows as a socket's, the protocol's or a cancellation's exception, as it happens.
            stop.ThrowIfCancellationRequested();
            throw new EdgeException($"the connection is away: {e.Message}", e);
        }
        if (!result.IsSuccess) Refusals.Add(message.Topic, $"{result.ReasonCode} {result.ReasonString}".TrimEnd());
        return result.ReasonCode;
    }

    /// <summary>
    /// Done when the broker has read everything that was sent before, at QoS 0 too: it reads a connection in order, so the answer to a ping says so. Two
    /// pings, because the first answer may be that to the keep-alive's own.
    /// </summary>
    /// <exception cref="EdgeException">The connection is away.</exception>
    public async Task FlushAsync(CancellationToken stop)
    {
        try
        {
            for (int i = 0; i < 2; i++) await client.PingAsync(CancellationToken.None).WaitAsync(stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            stop.ThrowIfCancellationRequested();
            throw new EdgeException($"the connection is away: {e.Message}", e);
        }
    }

    /// <summary>Publishes what the will says and ends the connection; while <see cref="RunAsync"/> goes on the next one is made at once.</summary>
    public async Task DieAsync(MqttApplicationMessage will)
    {
        if (!client.IsConnected) return;
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(options.KeepAliveSeconds));
            bool said = await PublishAsync(will, patience.Token).ConfigureAwait(false);
            // Not every broker publishes the will when it is asked to by the reason; a client that has said it needs none.
            await client.DisconnectAsync(new MqttClientDisconnectOptions { Reason = said ? MqttClientDisconnectOptionsReason.NormalDisconnection : MqttClientDisconnectOptionsReason.DisconnectWithWillMessage }).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // It has gone by itself, which shows as whatever exception; the broker publishes the will all the same.
        }
    }

    /// <summary>Says goodbye: the broker does not send the will, so the caller publishes <c>offline</c> before.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            if (client.IsConnected) await client.DisconnectAsync(new MqttClientDisconnectOptions()).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The broker hung up at the same moment, which shows as whatever exception: there is nobody left to take leave of.
        }
        client.Dispose();
        Receipts.Dispose();
        closed.Dispose();
    }

    /// <summary>Made for each connection: passwords and certificates may have changed on disk.</summary>
    private MqttClientOptions ClientOptions()
    {
        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(options.Host, options.Port)
            .WithTcpServer(tcp => ((MqttClientTcpOptions)tcp).BufferSize = BufferBytes)
            .WithClientId(identity.ClientId)
            .WithCleanStart(!identity.KeepSession)
            .WithSessionExpiryInterval(identity.KeepSession ? (uint)options.SessionExpirySeconds : 0)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(options.KeepAliveSeconds))
            .WithTimeout(TimeSpan.FromSeconds(options.KeepAliveSeconds))
            .WithMaximumPacketSize(MaxPacketBytes);
        if (identity.Will?.Invoke() is { } will)
        {
            builder.WithWillTopic(will.Topic)
                .WithWillPayload(BuffersExtensions.ToArray(will.Payload))
                .WithWillRetain(will.Retain)
                .WithWillQualityOfServiceLevel(will.QualityOfServiceLevel);
        }
        if (options.Username is { Length: > 0 } || options.UsernameFile is not null)
            builder.WithCredentials(options.Username ?? Line(options.UsernameFile!, "user name"), options.PasswordFile is null ? null : Line(options.PasswordFile, "password"));
        if (options.UseTls) builder.WithTlsOptions(Certificates.Read());
        return builder.Build();
    }

    private static string Line(string file, string what) => CredentialFile.Read(file, what).TrimEnd('\r', '\n');

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Information, Message = "broker connected, session kept: {Kept}")]
    private partial void LogConnected(bool kept);

    [LoggerMessage(Level = LogLevel.Warning, Message = "broker connection lost")]
    private partial void LogDisconnected();

    [LoggerMessage(Level = LogLevel.Warning, Message = "no broker at {Host}:{Port}: {Why}")]
    private partial void LogNoBroker(string host, int port, string why);
}
