using Polly;
using Edge.Agent.Configuration;
using Polly.Retry;

namespace Edge.Agent.Capture;

internal enum CameraState
{
    Connecting = 0,
    Online,
    /// <summary>A grab has taken longer than it may; the device has not come back from it.</summary>
    Stalled,
    /// <summary>It failed and is being opened again.</summary>
    Faulted,
    /// <summary>The file or folder is at its end.</summary>
    Ended,
}

/// <summary>
/// A source that recovers by itself: after a failure, or when a live one gives no picture in time, it is opened again in the background
/// with a fixed pause between attempts, while its loop goes on answering triggers. Only the capture loop's thread grabs; a source being opened belongs to the opening task.
/// </summary>
internal sealed partial class Camera : IDisposable
{
    private readonly IFrameSource source;
    private readonly TimeProvider time;
    private readonly TimeSpan timeout;
    private readonly ILogger log;
    private readonly ResiliencePipeline opening;
    private readonly ITimer stallTimer;
    private readonly CancellationTokenSource stop = new();
    private Task? openingTask;
    private volatile CameraState state;
    private volatile string? trouble;
    private volatile bool grabbing;
    private long reconnects;
    private long? waitingSince;   // for a picture

    public Camera(IFrameSource source, SourceOptions options, TimeProvider time, ILogger log)
    {
        (this.source, this.time, this.log) = (source, time, log);
        timeout = TimeSpan.FromMilliseconds(options.TimeoutMs);
        opening = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(options.ReconnectMs),
            BackoffType = DelayBackoffType.Constant,
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not (null or OperationCanceledException)),   // drivers fail in many ways
            OnRetry = attempt =>
            {
                Set(CameraState.Faulted, attempt.Outcome.Exception!.Message);
                return default;
            },
        }).Build();
        stallTimer = time.CreateTimer(_ => Set(CameraState.Stalled, $"no frame for {timeout.TotalMilliseconds} ms"), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsLive => source.IsLive;

    public bool EveryFrameIsAPart => source.EveryFrameIsAPart;

    public CameraState State => state;

    /// <summary>Why it is not online; null when it is.</summary>
    public string? Trouble => trouble;

    public long Reconnects => Interlocked.Read(ref reconnects);

    /// <summary>Raised on any thread when <see cref="State"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>Opens the source in the background.</summary>
    public void Start() => openingTask = Task.Run(async () =>
    {
        await opening.ExecuteAsync(_ =>
        {
            source.Open();
            return default;
        }, stop.Token).ConfigureAwait(false);
        Set(CameraState.Online, null);
    });

    /// <summary>Grabs; null when there is no camera to grab from now.</summary>
    /// <param name="newPart">The first grab for a part that was triggered: older pictures are not of it.</param>
    public Grab? TryGrab(Frame into, TimeSpan wait, bool newPart = false)
    {
        into.Clear();
        if (openingTask is not { IsCompletedSuccessfully: true } || state is CameraState.Ended) return null;
        grabbing = true;
        stallTimer.Change(timeout, Timeout.InfiniteTimeSpan);
        try
        {
            if (newPart)
            {
                waitingSince = null;
                source.NewPart();
            }
            Grab got = source.Grab(into, wait);
            Watch(got);
            Set(got == Grab.Ended ? CameraState.Ended : CameraState.Online, null, grabDone: true);
            return got;
        }
        catch (Exception e) when (e is EdgeException or OpenCvSharp.OpenCVException or IOException)
        {
            Interlocked.Increment(ref reconnects);
            Set(CameraState.Faulted, e.Message, grabDone: true);
            Start();
            return null;
        }
        finally
        {
            stallTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void Watch(Grab got)
    {
        if (got != Grab.Nothing) waitingSince = null;
        else if (waitingSince is null) waitingSince = time.GetTimestamp();
        else if (source is { IsLive: true, EveryFrameIsAPart: false } && time.GetElapsedTime(waitingSince.Value) >= timeout)
        {
            waitingSince = null;
            throw new EdgeException($"no frame for {timeout.TotalMilliseconds} ms");
        }
    }

    private void Set(CameraState now, string? why, bool grabDone = false)
    {
        lock (stop)
        {
            if (grabDone) grabbing = false;
            if (now == CameraState.Stalled && !grabbing) return;   // the timer fired just as the grab came back
            if (state == now && trouble == why) return;
            (state, trouble) = (now, why);
        }
        if (why is null) LogState(now);
        else LogTrouble(now, why);
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "camera {State}")]
    private partial void LogState(CameraState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "camera {State}: {Why}")]
    private partial void LogTrouble(CameraState state, string why);

    public void Dispose()
    {
        stop.Cancel();
        stallTimer.Dispose();
        try
        {
            openingTask?.Wait(timeout);
        }
        catch (AggregateException) { }   // cancelled while it waited for the next attempt
        source.Dispose();
        stop.Dispose();
    }
}
