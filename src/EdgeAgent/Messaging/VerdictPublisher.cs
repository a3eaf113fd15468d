using System.Buffers;
using System.Runtime.CompilerServices;
using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;
using MQTTnet;
using MQTTnet.Protocol;
using Polly;
using Polly.Retry;

namespace Edge.Agent.Messaging;

/// <summary>
/// Verdicts to the broker, in order, each until it is acknowledged. One that was not is sent again after the reconnect: the
/// same jobId, so the receiver can tell. One that the broker refuses (its access control list) steps aside for the newer ones and is
/// tried again after a pause.
/// </summary>
internal sealed partial class VerdictPublisher
{
    private const int MaxRefused = 1000;
    private static readonly TimeSpan RefusedPause = TimeSpan.FromSeconds(5);

    private readonly BrokerLink? link;
    private readonly Topics topics;
    private readonly Ledger ledger;
    private readonly StationMetrics metrics;
    private readonly Func<bool>? unrecorded;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly ResiliencePipeline sending;
    private long retries, published;
    private Job? unsent;   // taken from the outbox and not acknowledged yet
    private bool failed;
    private readonly Queue<Job> refused = new();   // by the broker, and tried again
    private long retryAt;
    private Task<bool>? waiting;
    private volatile int refusedCount;

    /// <param name="link">Null when MQTT is disabled: verdicts are only counted.</param>
    /// <param name="unrecorded">Whether there is no record to wait for now: no journal, or one that can't be written. Null = there is none.</param>
    public VerdictPublisher(BrokerLink? link, Topics topics, Ledger ledger, StationMetrics metrics, TimeProvider time, ILogger log, Func<bool>? unrecorded = null)
    {
        (this.link, this.topics, this.ledger, this.metrics, this.time, this.log, this.unrecorded) = (link, topics, ledger, metrics, time, log, unrecorded);
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

    /// <summary>Verdicts that the broker refused and that wait for the next try.</summary>
    public int Refused => refusedCount;

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
        while (unsent is not null || await NextAsync(stop).ConfigureAwait(false))
        {
            bool again = failed;
            failed = true;
            bool taken = await SendAsync(unsent!, writer, stop).ConfigureAwait(false);
            if (taken) Interlocked.Increment(ref published);
            else SetAside(unsent!);
            // What was refused gets its turn as soon as another was taken.
            retryAt = taken ? 0 : time.GetTimestamp();
            (unsent, failed) = (null, false);
            if (again) return true;
        }
        return false;
    }

    /// <summary>Sets the next to be sent: a new verdict, else one that was refused a while ago. False at the end.</summary>
    private async ValueTask<bool> NextAsync(CancellationToken stop)
    {
        while (true)
        {
            if (ledger.Outbox.TryRead(out unsent)) return true;
            if (refused.Count == 0)
            {
                if (!await ledger.Outbox.WaitToReadAsync(stop).ConfigureAwait(false)) return false;
                continue;
            }
            TimeSpan left = retryAt == 0 ? TimeSpan.Zero : RefusedPause - time.GetElapsedTime(retryAt);
            if (left > TimeSpan.Zero)
            {
                waiting ??= ledger.Outbox.WaitToReadAsync(stop).AsTask();
                if (await Task.WhenAny(waiting, Task.Delay(left, time, stop)).ConfigureAwait(false) == waiting)
                {
                    bool more = await waiting.ConfigureAwait(false);
                    waiting = null;
                    if (more) continue;
                    for (int i = 0; i < refused.Count; i++) ledger.CountLost();
                    return false;
                }
                stop.ThrowIfCancellationRequested();
            }
            unsent = refused.Dequeue();
            refusedCount = refused.Count;
            return true;
        }
    }

    private void SetAside(Job job)
    {
        if (refused.Count == MaxRefused)
        {
            refused.Dequeue();
            ledger.CountLost();
        }
        refused.Enqueue(job);
        refusedCount = refused.Count;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(Job job, VerdictWriter writer, CancellationToken stop)
    {
        if (link is not null) await link.WaitConnectedAsync(stop).ConfigureAwait(false);
        long now = time.GetTimestamp();
        TimeSpan since = time.GetElapsedTime(job.ReceivedAt, now);
        if (link is not null)
        {
            MqttApplicationMessage message = new()
            {
                Topic = topics.Verdict,
                Payload = new ReadOnlySequence<byte>(job.Stored is { } record ? writer.Write(record) : writer.Write(job, job.Result!, now)),
                QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce,
                ContentType = "application/json",
                MessageExpiryInterval = Expiry(job.Deadline, since),
            };
            if (!await link.PublishAsync(message, stop).ConfigureAwait(false)) return false;
        }
        if (job.Result is { } result) metrics.ObservePublished(time.GetElapsedTime(result.DecidedAt, now), since);
        if (unrecorded?.Invoke() ?? true) job.MarkRecorded();
        job.MarkPublished();
        return true;
    }

    /// <summary>Seconds the broker may keep it for a receiver that is away: what is left of the deadline, at least the protocol's smallest step; 0 = no limit.</summary>
    private static uint Expiry(TimeSpan? deadline, TimeSpan since) =>
        deadline is { } limit ? (uint)Math.Max(1, Math.Ceiling((limit - since).TotalSeconds)) : 0;

    [LoggerMessage(Level = LogLevel.Warning, Message = "a verdict was not acknowledged and is sent again: {Why}")]
    private partial void LogRetry(string why);
}
