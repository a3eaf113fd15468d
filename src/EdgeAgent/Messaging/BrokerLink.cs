using System.Buffers;
using System.Security.Cryptography.X509Certificates;
using Edge.Agent.Configuration;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Polly;
using Polly.Retry;

namespace Edge.Agent.Messaging;

/// <summary>One station's MQTT 5 client. It connects, and connects again, in its own task; whoever wants to publish waits there, never the inspection.</summary>
internal sealed partial class BrokerLink : IAsyncDisposable
{
    /// <summary>MQTTnet gives this size to the socket's buffers as well; its default of 8 KiB stalls large messages.</summary>
    private const int BufferBytes = 512 * 1024;

    /// <summary>The broker sends nothing larger: a trigger is small.</summary>
    private const uint MaxPacketBytes = 64 * 1024;

    private readonly IMqttClient client = new MqttClientFactory().CreateMqttClient();
    private readonly MqttClientOptions clientOptions;
    private readonly Topics topics;
    private readonly Action<ReadOnlySequence<byte>>? triggered;
    private readonly ResiliencePipeline connecting;
    private readonly SemaphoreSlim closed = new(0);
    private readonly ILogger log;
    private volatile TaskCompletionSource connected = NewSignal();
    private long connects;

    /// <param name="triggered">Takes the payloads of <c>trigger</c>; null = not subscribed.</param>
    /// <exception cref="EdgeException">The password or CA file can't be read.</exception>
    public BrokerLink(MqttOptions options, string clientId, Topics topics, Action<ReadOnlySequence<byte>>? triggered, TimeProvider time, ILogger log)
    {
        (this.topics, this.triggered, this.log) = (topics, triggered, log);
        clientOptions = ClientOptions(options, clientId, topics);
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
                // Every attempt at first, later one in 64: about every five minutes.
                if (attempt.AttemptNumber < 3 || attempt.AttemptNumber % 64 == 0) LogNoBroker(options.Host, options.Port, attempt.Outcome.Exception!.Message);
                return default;
            },
        }).Build();
        client.DisconnectedAsync += _ =>
        {
            closed.Release();
            return Task.CompletedTask;
        };
        client.ApplicationMessageReceivedAsync += message =>
        {
            triggered?.Invoke(message.ApplicationMessage.Payload);
            return Task.CompletedTask;
        };
    }

    public bool IsConnected => client.IsConnected;
    public long Connects => Interlocked.Read(ref connects);

    /// <summary>True when the broker had kept this client's session.</summary>
    public bool SessionPresent { get; private set; }

    /// <summary>Raised when it is connected and subscribed.</summary>
    public event Action? Connected;

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
            // Signals of earlier connections may still come: only the client's own state counts.
            while (client.IsConnected) await closed.WaitAsync(TimeSpan.FromSeconds(1), stop).ConfigureAwait(false);
            connected = NewSignal();
            LogDisconnected();
        }
    }

    private async ValueTask ConnectAsync(CancellationToken stop)
    {
        MqttClientConnectResult result = await client.ConnectAsync(clientOptions, stop).ConfigureAwait(false);
        if (result.ResultCode != MqttClientConnectResultCode.Success)
            throw new EdgeException($"the broker refuses the connection: {result.ResultCode} {result.ReasonString}");
        SessionPresent = result.IsSessionPresent;
        if (triggered is null) return;
        // A retained trigger is not a part that stands in front of the camera.
        MqttTopicFilter filter = new() { Topic = topics.Trigger, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce, RetainHandling = MqttRetainHandling.DoNotSendOnSubscribe };
        MqttClientSubscribeResult subscribed = await client.SubscribeAsync(new MqttClientSubscribeOptions { TopicFilters = [filter] }, stop).ConfigureAwait(false);
        MqttClientSubscribeResultCode code = subscribed.Items.First().ResultCode;
        if (code <= MqttClientSubscribeResultCode.GrantedQoS2) return;
        await client.DisconnectAsync(new MqttClientDisconnectOptions(), stop).ConfigureAwait(false);
        throw new EdgeException($"the broker refuses the subscription to {topics.Trigger}: {code}");
    }

    /// <summary>Sends; with QoS 1 done when the broker has acknowledged.</summary>
    /// <exception cref="EdgeException">The connection is away, or the broker refuses the message.</exception>
    public async Task PublishAsync(MqttApplicationMessage message, CancellationToken stop)
    {
        MqttClientPublishResult result;
        try
        {
            result = await client.PublishAsync(message, stop).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // A connection that breaks shows as a socket's, the protocol's or a cancellation's exception, as it happens.
            stop.ThrowIfCancellationRequested();
            throw new EdgeException($"the connection is away: {e.Message}", e);
        }
        if (!result.IsSuccess) throw new EdgeException($"the broker refuses a message on {message.Topic}: {result.ReasonCode} {result.ReasonString}");
    }

    /// <summary>Says goodbye: the broker does not send the will, so the caller publishes <c>offline</c> before.</summary>
    public async ValueTask DisposeAsync()
    {
        if (client.IsConnected) await client.DisconnectAsync(new MqttClientDisconnectOptions()).ConfigureAwait(false);
        client.Dispose();
        closed.Dispose();
    }

    private static MqttClientOptions ClientOptions(MqttOptions options, string clientId, Topics topics)
    {
        MqttClientOptionsBuilder builder = new MqttClientOptionsBuilder()
            .WithProtocolVersion(MqttProtocolVersion.V500)
            .WithTcpServer(options.Host, options.Port)
            .WithTcpServer(tcp => ((MqttClientTcpOptions)tcp).BufferSize = BufferBytes)
            .WithClientId(clientId)
            .WithCleanStart(false)
            .WithSessionExpiryInterval((uint)options.SessionExpirySeconds)
            .WithKeepAlivePeriod(TimeSpan.FromSeconds(options.KeepAliveSeconds))
            .WithTimeout(TimeSpan.FromSeconds(options.KeepAliveSeconds))
            .WithMaximumPacketSize(MaxPacketBytes)
            .WithWillTopic(topics.Status)
            .WithWillPayload("""{"state":"offline"}""")
            .WithWillRetain()
            .WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce);
        if (options.Username is { Length: > 0 })
            builder.WithCredentials(options.Username, options.PasswordFile is null ? null : ReadFile(options.PasswordFile, "password").TrimEnd('\r', '\n'));
        if (options.UseTls)
        {
            X509Certificate2Collection authorities = [];
            if (options.CaFile is not null) authorities.ImportFromPem(ReadFile(options.CaFile, "CA"));
            builder.WithTlsOptions(tls =>
            {
                tls.UseTls().WithTargetHost(options.Host);
                if (authorities.Count > 0) tls.WithTrustChain(authorities).WithRevocationMode(X509RevocationMode.NoCheck);
            });
        }
        return builder.Build();
    }

    private static string ReadFile(string path, string what)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The MQTT {what} file {Path.GetFullPath(path)} cannot be read: {e.Message}", e);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(Level = LogLevel.Information, Message = "broker connected, session kept: {Kept}")]
    private partial void LogConnected(bool kept);

    [LoggerMessage(Level = LogLevel.Warning, Message = "broker connection lost")]
    private partial void LogDisconnected();

    [LoggerMessage(Level = LogLevel.Warning, Message = "no broker at {Host}:{Port}: {Why}")]
    private partial void LogNoBroker(string host, int port, string why);
}
