using Edge.Agent.Capture.Health;
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
    /// <summary>It gave the same picture again and again, and is being opened again.</summary>
    Frozen,
}

/// <summary>
/// A source that recovers by itself: after a failure, or when a live one gives no picture in time, it is opened again in the background
/// with a fixed pause between attempts, while its loop goes on answering triggers. Only the capture loop's thread grabs; a source being opened belongs to the opening task.
/// </summary>
internal sealed partial class Camera : IDisposable
{
    private readonly IFrameSource source;
    private readonly CameraHealth? health;
    private readonly Func<CameraSettings> settings;
    private readonly TimeProvider time;
    private readonly TimeSpan timeout, frozenAfter;
    private readonly RepeatedFrames? repeats;
    private readonly ILogger log;
    private readonly ResiliencePipeline opening;
    private readonly ITimer stallTimer;
    private readonly CancellationTokenSource stop = new();
    private Task? openingTask;
    private volatile CameraState state;
    private volatile string? trouble;
    private volatile bool grabbing;
    private volatile CameraCause cause, illness;
    private volatile string? symptom;
    private long reconnects, repeated, unhealthy;
    private long? waitingSince, repeatingSince;   // for a picture; the same picture

    /// <param name="settings">Of the recipe that is made now.</param>
    public Camera(IFrameSource source, SourceOptions options, CameraHealth? health, Func<CameraSettings> settings, TimeProvider time, ILogger log)
    {
        (this.source, this.health, this.settings, this.time, this.log) = (source, health, settings, time, log);
        timeout = TimeSpan.FromMilliseconds(options.TimeoutMs);
        frozenAfter = TimeSpan.FromMilliseconds(options.FrozenMs);
        repeats = source.IsLive && options.FrozenMs > 0 ? new RepeatedFrames() : null;
        opening = new ResiliencePipelineBuilder { TimeProvider = time }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = int.MaxValue,
            Delay = TimeSpan.FromMilliseconds(options.ReconnectMs),
            BackoffType = DelayBackoffType.Constant,
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is not (null or OperationCanceledException)),   // drivers fail in many ways
            OnRetry = attempt =>
            {
                Set(CameraState.Faulted, attempt.Outcome.Exception!.Message, CauseOf(attempt.Outcome.Exception));
                return default;
            },
        }).Build();
        stallTimer = time.CreateTimer(_ => Set(CameraState.Stalled, $"no frame for {timeout.TotalMilliseconds} ms", CameraCause.Silent), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public bool IsLive => source.IsLive;

    public bool EveryFrameIsAPart => source.EveryFrameIsAPart;

    public CameraState State => state;

    /// <summary>Why it is not online, or what its last frame shows to be wrong; null when all is well.</summary>
    public string? Trouble => trouble ?? symptom;

    /// <summary>None when it is online and its frames are as they should be.</summary>
    public CameraCause Cause => cause != CameraCause.None ? cause : illness;

    /// <summary>Frames that were not as they should be.</summary>
    public long Unhealthy => Interlocked.Read(ref unhealthy);

    /// <summary>Pictures that equalled the one before.</summary>
    public long Repeated => Interlocked.Read(ref repeated);

    public long Reconnects => Interlocked.Read(ref reconnects);

    /// <summary>Raised on any thread when <see cref="State"/> has changed.</summary>
    public event Action? Changed;

    /// <summary>Opens the source in the background.</summary>
    public void Start() => openingTask = Task.Run(async () =>
    {
        await opening.ExecuteAsync(_ =>
        {
            source.Use(settings());
            source.Open();
            return default;
        }, stop.Token).ConfigureAwait(false);
        Set(CameraState.Online, null, CameraCause.None);
    });

    /// <summary>Grabs; null when there is no camera to grab from now.</summary>
    /// <param name="settings">Of the part's recipe.</param>
    /// <param name="newPart">The first grab for a part that was triggered: older pictures are not of it.</param>
    public Grab? TryGrab(Frame into, CameraSettings settings, TimeSpan wait, bool newPart = false)
    {
        into.Clear();
        if (!IsOpen) return null;
        grabbing = true;
        stallTimer.Change(timeout, Timeout.InfiniteTimeSpan);
        try
        {
            source.Use(settings);
            if (newPart)
            {
                waitingSince = null;
                source.NewPart();
            }
            Grab got = source.Grab(into, wait);
            Watch(got);
            if (got == Grab.Frame && IsRepeat(into)) got = Grab.Repeated;
            Set(got == Grab.Ended ? CameraState.Ended : CameraState.Online, null, CameraCause.None, grabDone: true);
            return got;
        }
        catch (Exception e) when (IsFailure(e))
        {
            Reopen(e);
            return null;
        }
        finally
        {
            stallTimer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whether a frame that was grabbed may be inspected: it is as the golden frames are. The capture loop's thread only.</summary>
    public bool IsHealthy(Frame frame)
    {
        if (health is null) return true;
        (CameraCause Cause, string Why)? found = health.Examine(frame.Image);
        if (found is not null) Interlocked.Increment(ref unhealthy);
        if ((found?.Cause ?? CameraCause.None) == illness) return found is null;   // said before
        (illness, symptom) = (found?.Cause ?? CameraCause.None, found?.Why);
        if (found is { } f) LogUnhealthy(f.Cause, f.Why);
        else LogHealthy();
        Changed?.Invoke();
        return found is null;
    }

    /// <summary>Between two parts, when nobody grabs: a camera that has gone is opened again before the next part comes.</summary>
    public void Check()
    {
        if (!IsOpen) return;
        try
        {
            source.Check();
            source.Use(settings());   // not on the next part's time
        }
        catch (Exception e) when (IsFailure(e))
        {
            Reopen(e);
        }
    }

    private bool IsOpen => openingTask is { IsCompletedSuccessfully: true } && state is not CameraState.Ended;

    private static bool IsFailure(Exception e) => e is EdgeException or OpenCvSharp.OpenCVException or IOException;

    private void Reopen(Exception e)
    {
        Interlocked.Increment(ref reconnects);
        Set(CauseOf(e) == CameraCause.Frozen ? CameraState.Frozen : CameraState.Faulted, e.Message, CauseOf(e), grabDone: true);
        Start();
    }

    private void Watch(Grab got)
    {
        if (got != Grab.Nothing) waitingSince = null;
        else if (waitingSince is null) waitingSince = time.GetTimestamp();
        else if (source is { IsLive: true, EveryFrameIsAPart: false } && time.GetElapsedTime(waitingSince.Value) >= timeout)
        {
            waitingSince = null;
            throw new CameraException(CameraCause.Silent, $"no frame for {timeout.TotalMilliseconds} ms");
        }
    }

    private bool IsRepeat(Frame frame)
    {
        if (repeats is null) return false;
        if (!repeats.IsRepeat(frame.Image))
        {
            repeatingSince = null;
            return false;
        }
        Interlocked.Increment(ref repeated);
        repeatingSince ??= time.GetTimestamp();
        if (time.GetElapsedTime(repeatingSince.Value) < frozenAfter) return true;
        repeatingSince = null;
        throw new CameraException(CameraCause.Frozen, $"the same frame for {frozenAfter.TotalMilliseconds} ms");
    }

    private static CameraCause CauseOf(Exception e) => e is CameraException known ? known.Cause : CameraCause.Other;

    private void Set(CameraState now, string? why, CameraCause reason, bool grabDone = false)
    {
        lock (stop)
        {
            if (grabDone) grabbing = false;
            if (now == CameraState.Stalled && !grabbing) return;   // the timer fired just as the grab came back
            if (state == now && trouble == why) return;
            (state, trouble, cause) = (now, why, reason);
        }
        if (why is null) LogState(now);
        else LogTrouble(now, reason, why);
        Changed?.Invoke();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "camera {State}")]
    private partial void LogState(CameraState state);

    [LoggerMessage(Level = LogLevel.Warning, Message = "camera {State} ({Cause}): {Why}")]
    private partial void LogTrouble(CameraState state, CameraCause cause, string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "camera unhealthy ({Cause}): {Why}; its parts are not inspected")]
    private partial void LogUnhealthy(CameraCause cause, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "camera healthy again")]
    private partial void LogHealthy();

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
