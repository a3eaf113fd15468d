using Edge.Agent.Configuration;
using Edge.Agent.Diagnostics;
using Edge.Agent.Inspection;

namespace Edge.Agent.Capture;

/// <summary>
/// The thread that owns the camera: trigger in, job with a frame out. A part that gets no frame is closed here, with the
/// reason. Free running and interval open their parts here; MQTT triggers come admitted, holding the frame they will fill.
/// </summary>
internal sealed class CaptureLoop
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    private readonly StationOptions options;
    private readonly Camera camera;
    private readonly Ledger ledger;
    private readonly StationQueues queues;
    private readonly Action<Job> acquired;
    private readonly Func<bool> hasModel, paused;
    private readonly PresenceDetector? presence;
    private readonly TimeProvider time;
    private readonly CancellationToken stop;
    private readonly string idPrefix;
    private volatile Job? serving;
    private long number, nextTick;

    /// <param name="acquired">Told when a triggered part's exposure is over.</param>
    /// <param name="hasModel">Without a model nothing is grabbed but what was triggered over MQTT.</param>
    public CaptureLoop(StationOptions options, Camera camera, Ledger ledger, StationQueues queues, Action<Job> acquired, Func<bool> hasModel, Func<bool> paused, PresenceDetector? presence, TimeProvider time, CancellationToken stop)
    {
        (this.options, this.camera, this.ledger, this.queues) = (options, camera, ledger, queues);
        (this.acquired, this.hasModel, this.paused, this.presence, this.time, this.stop) = (acquired, hasModel, paused, presence, time, stop);
        idPrefix = $"{time.GetUtcNow().ToUnixTimeMilliseconds():x}-";   // ids stay distinct over restarts
        camera.Changed += CloseStalled;
    }

    public void Run(Heartbeat heartbeat)
    {
        nextTick = time.GetTimestamp();
        while (!stop.IsCancellationRequested)
        {
            heartbeat.Beat();
            if (options.Trigger.Mode == TriggerMode.Mqtt) ServeTrigger();
            else if (paused()) stop.WaitHandle.WaitOne(Slice);
            else if (options.Trigger.Mode == TriggerMode.Interval) ServeTick();
            else ServeFreely();
        }
        queues.Triggers.Complete();
        while (queues.Triggers.TryTake(out Job? job)) Release(job, Reason.Shutdown);
        queues.Frames.Complete();
    }

    private void ServeTrigger()
    {
        if (!queues.Triggers.TryTake(out Job? job, Heartbeat.Pause))
        {
            camera.Check();
            return;
        }
        serving = job;
        job.GrabStarted = time.GetTimestamp();
        Grab? got = Grab.Nothing;
        try
        {
            if (job.Result is null && !stop.IsCancellationRequested) got = GrabTriggered(job.Frame!, job.Setup, job);
        }
        catch
        {
            ledger.Close(job, Reason.Camera);   // the loop ends here, and the agent; not without a word about this part
            throw;
        }
        serving = null;
        Finish(job, got, acquired);
    }

    /// <summary>Nothing yet: the picture of this part is still on its way (an exposure, or a folder that another program fills).</summary>
    private Grab? GrabTriggered(Frame frame, Recipe recipe, Job? job)
    {
        long start = time.GetTimestamp();
        // A live camera finds out by itself that it is silent for too long, and says so.
        TimeSpan longest = TimeSpan.FromMilliseconds(options.Source.TimeoutMs) + (camera.IsLive ? 2 * Slice : TimeSpan.Zero);
        Grab? got = camera.TryGrab(frame, recipe.Camera, Slice, newPart: true);
        while (got == Grab.Nothing && job?.Result is null && !stop.IsCancellationRequested && time.GetElapsedTime(start) < longest) got = camera.TryGrab(frame, recipe.Camera, Slice);
        return got;
    }

    private void ServeTick()
    {
        TimeSpan early = time.GetElapsedTime(time.GetTimestamp(), nextTick);
        if (early > TimeSpan.Zero)
        {
            stop.WaitHandle.WaitOne(early < Heartbeat.Pause ? early : Heartbeat.Pause);
            camera.Check();
            return;
        }
        // Ticks that were missed while a grab took longer than the interval are not made up for: their parts have gone.
        long interval = (long)(options.Trigger.Interval.TotalSeconds * time.TimestampFrequency);
        nextTick += interval * (1 + (time.GetTimestamp() - nextTick) / interval);
        if (camera.State == CameraState.Ended) return;
        if (!hasModel()) ledger.Close(Open(time.GetTimestamp(), ledger.Now), Reason.NoModel);   // the picture stays for when there is one
        else if (!queues.Pool.TryTake(out Frame? frame)) ledger.Close(Open(time.GetTimestamp(), ledger.Now), Reason.Overload);
        else GrabPart(frame, clocked: true);
    }

    private void ServeFreely()
    {
        if ((!hasModel() && !camera.EveryFrameIsAPart) || camera.State is not (CameraState.Online or CameraState.Stalled)) stop.WaitHandle.WaitOne(Slice);
        else if (queues.Pool.TryTake(out Frame? frame, Heartbeat.Pause)) GrabPart(frame, clocked: false);
    }

    /// <summary>Grabs first: where nothing is seen there is no part.</summary>
    /// <param name="clocked">The clock says that a part is there, whether the camera works or not.</param>
    private void GrabPart(Frame frame, bool clocked)
    {
        long start = time.GetTimestamp();
        Recipe recipe = ledger.Now;   // the picture's, also when it changes before the picture is there
        Grab? got = clocked && camera.IsLive ? GrabTriggered(frame, recipe, null) : camera.TryGrab(frame, recipe.Camera, Slice);
        for (int i = 0; i < frame.Missed; i++) ledger.Close(Open(start, recipe), Reason.Camera);   // exposed, and lost on the way
        if (got is Grab.Nothing or Grab.Ended || (got is null && !clocked) || (got == Grab.Repeated && !clocked && !camera.EveryFrameIsAPart)
            || (got == Grab.Frame && !clocked && presence?.Comes(frame.Image) == false))
        {
            queues.Pool.TryAdd(frame);
            return;
        }
        Job job = Open(start, recipe);
        job.GrabStarted = start;
        job.Frame = frame;
        Finish(job, got, null);
    }

    private Job Open(long receivedAt, Recipe recipe) => ledger.Open($"{idPrefix}{++number}", null, null, null, receivedAt, recipe);

    private void Finish(Job job, Grab? got, Action<Job>? tell)
    {
        if (got != Grab.Frame)
        {
            Release(job, got == Grab.Unreadable ? Reason.FrameUnreadable : stop.IsCancellationRequested ? Reason.Shutdown : Reason.Camera);
            return;
        }
        job.GrabEnded = time.GetTimestamp();
        job.CapturedAt = job.Frame!.CapturedAt ?? time.GetUtcNow();
        tell?.Invoke(job);
        if (!camera.IsHealthy(job.Frame))
        {
            Release(job, Reason.Camera);
            return;
        }
        if (!queues.Frames.TryAdd(job)) Release(job, Reason.Shutdown);   // as many places as frames: it is never full
    }

    private void Release(Job job, Reason reason)
    {
        ledger.Close(job, reason);
        queues.Release(job);
    }

    /// <summary>The camera hangs: its part does not wait for it. On the stall timer's thread; the hanging grab keeps the frame.</summary>
    private void CloseStalled()
    {
        if (camera.State == CameraState.Stalled && serving is { } job) ledger.Close(job, Reason.Camera);
    }
}
