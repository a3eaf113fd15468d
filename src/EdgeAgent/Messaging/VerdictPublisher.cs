using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;
using MQTTnet;
using MQTTnet.Protocol;
using Polly;
using Polly.Retry;

namespace Edge.Agent.Messaging;

/// <summary>
/// Verdicts to the broker, in order, each until it is acknowledged. One that was not is sent again after the reconnect: the
/// same jobId, so the receiver can tell.
/// </summary>
internal sealed partial class VerdictPublisher
{
    private readonly BrokerLink? link;
    private readonly Topics topics;
    private readonly Ledger ledger;
    private readonly StationMetrics metrics;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ResiliencePipeline sending;
    private long retries, published;
    private Job? unsent;   // taken from the outbox and not acknowledged yet
    private bool failed;

    /// <param name="link">Null when MQTT is disabled: verdicts are only counted.</param>
    public VerdictPublisher(BrokerLink? link, Topics topics, Ledger ledger, StationMetrics metrics, TimeProvider time, ILogger log)
    {
        (this.link, this.topics, this.ledger, this.metrics, this.time, this.log) = (link, topics, ledger, metrics, time, log);
        sending = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(50),
            MaxDelay = TimeSpan.FromSeconds(5),
            BackoffType = DelayBackoffType.Exponential,
            OnRetry = attempt =>
            {
                Interlocked.Increment(ref retries);
                if (attempt.AttemptNumber < 3 || attempt.AttemptNumber % 64 == 0) LogRetry(attempt.Outcome.Exception!.Message);
                return default;
            },
        }).Build();
    }

    public long Retries => Interlocked.Read(ref retries);

    /// <summary>Verdicts the broker has acknowledged, repeats included.</summary>
    public long Published => Interlocked.Read(ref published);

    /// <summary>Until the ledger is completed and everything is sent, or <paramref name="stop"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using VerdictWriter writer = new(time);
        // The pipeline runs around many verdicts, not around each: it would allocate 1 KB a part. Left after a recovery, so that
        // the next failure starts with a short pause again.
        while (await sending.ExecuteAsync(static (state, stop) => state.Self.SendAllAsync(state.Writer, stop), (Self: this, Writer: writer), stop).ConfigureAwait(false)) { }
    }

    /// <summary>False at the end; true when sending works again after a failure.</summary>
    private async ValueTask<bool> SendAllAsync(VerdictWriter writer, CancellationToken stop)
    {
        ChannelReader<Job> outbox = ledger.Outbox;
        while (unsent is not null || await outbox.WaitToReadAsync(stop).ConfigureAwait(false))
        {
            if (unsent is null && !outbox.TryRead(out unsent)) continue;
            bool again = failed;
            failed = true;
            await SendAsync(unsent, writer, stop).ConfigureAwait(false);
            (unsent, failed) = (null, false);
            Interlocked.Increment(ref published);
            if (again) return true;
        }
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(Job job, VerdictWriter writer, CancellationToken stop)
    {
        InspectionResult result = job.Result!;
        if (link is not null) await link.WaitConnectedAsync(stop).ConfigureAwait(false);
        long now = time.GetTimestamp();
        TimeSpan since = time.GetElapsedTime(job.ReceivedAt, now);
        if (link is not null)
        {
            MqttApplicationMessage message = new()
            {
                Topic = topics.Verdict,
                Payload = new ReadOnlySequence<byte>(writer.Write(job, result, now)),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                ContentType = "application/json",
                MessageExpiryInterval = Expiry(job.Deadline, since),
            };
            await link.PublishAsync(message, stop).ConfigureAwait(false);
        }
        metrics.ObservePublished(time.GetElapsedTime(result.DecidedAt, now), since);
    }

    /// <summary>Seconds the broker may keep it for a receiver that is away: what is left of the deadline, at least the protocol's smallest step; 0 = no limit.</summary>
    private static uint Expiry(TimeSpan? deadline, TimeSpan since) =>
        deadline is { } limit ? (uint)Math.Max(1, Math.Ceiling((limit - since).TotalSeconds)) : 0;

    [LoggerMessage(Level = LogLevel.Warning, Message = "a verdict was not acknowledged and is sent again: {Why}")]
    private partial void LogRetry(string why);
}
