using Edge.Agent.Configuration;

namespace Edge.Agent.Capture.GenICam;

/// <summary>
/// A GigE Vision or USB3 Vision camera through libaravis. Software trigger: one exposure for each part, and a picture that is older than
/// the trigger never passes for the part's. A line of the camera: each exposure is a part, lost ones included.
/// </summary>
internal sealed unsafe class AravisSource : IFrameSource
{
    private const string Software = "Software";

    /// <summary>A camera clock that is further from ours is not set (by PTP): it counts from the camera's start.</summary>
    private static readonly TimeSpan Meaningful = TimeSpan.FromSeconds(1);

    private readonly SourceOptions options;
    private readonly TimeProvider time;
    private readonly string? trigger;
    private AravisCamera? camera;
    private CameraSettings settings;
    private long? triggeredAt;   // of an exposure whose picture has not come
    private ulong lastId;

    public AravisSource(SourceOptions options, TriggerMode mode, TimeProvider time)
    {
        (this.options, this.time, settings) = (options, time, CameraSettings.Of(options.Aravis));
        trigger = options.Aravis.Trigger ?? (mode == TriggerMode.FreeRunning ? "Off" : Software);
        if (trigger.Equals("Off", StringComparison.OrdinalIgnoreCase)) trigger = null;
        else if (trigger.Equals(Software, StringComparison.OrdinalIgnoreCase)) trigger = Software;
        EveryFrameIsAPart = trigger is not null and not Software;
    }

    public bool IsLive => true;
    public bool EveryFrameIsAPart { get; }

    public void Open()
    {
        camera?.Dispose();
        (camera, triggeredAt, lastId) = (null, null, 0);
        camera = new AravisCamera(options, settings, trigger);
    }

    public void Use(CameraSettings settings)
    {
        if (settings == this.settings) return;
        this.settings = settings;
        if (camera is null) return;
        Check();
        camera.Change(settings, halt: trigger is null);
    }

    public void NewPart()
    {
        if (triggeredAt is { } before)
        {
            // The picture of a part that did not wait for it. It must not become this part's.
            TimeSpan left = TimeSpan.FromMilliseconds(options.TimeoutMs) - time.GetElapsedTime(before);
            nint late = camera!.Pop(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            if (late == 0) throw new CameraException(CameraCause.Silent, $"no frame for {options.TimeoutMs} ms after a software trigger");
            camera.GiveBack(late);
            triggeredAt = null;
        }
        Check();
        while (camera!.Pop(TimeSpan.Zero) is not 0 and var old) camera.GiveBack(old);
        if (trigger == Software) Trigger();
    }

    private void Trigger()
    {
        camera!.Trigger();
        triggeredAt = time.GetTimestamp();
    }

    public void Check()
    {
        if (camera is null || camera.IsLost()) throw new CameraException(CameraCause.Unreachable, "The camera does not answer any more, or another program has taken it.");
    }

    public Grab Grab(Frame into, TimeSpan wait)
    {
        Check();
        if (trigger == Software && triggeredAt is null) Trigger();
        nint buffer = camera!.Pop(wait);
        if (buffer == 0) return Capture.Grab.Nothing;
        if (trigger is null) buffer = Newest(buffer);
        triggeredAt = null;
        try
        {
            return Take(buffer, into);
        }
        finally
        {
            camera.GiveBack(buffer);
        }
    }

    /// <summary>A station that is slower than the camera sees the present, not the oldest of what waits.</summary>
    private nint Newest(nint buffer)
    {
        while (camera!.Pop(TimeSpan.Zero) is not 0 and var newer)
        {
            camera.GiveBack(buffer);
            buffer = newer;
        }
        return buffer;
    }

    private Grab Take(nint buffer, Frame into)
    {
        ulong id = Aravis.FrameId(buffer);
        if (EveryFrameIsAPart && lastId != 0) into.Missed = FrameNumbers.Missed(lastId, id);   // also what was thrown away: its numbers have not been seen
        lastId = id;
        into.CapturedAt = CapturedAt(Aravis.DeviceTime(buffer), Aravis.ArrivalTime(buffer));
        if (Aravis.Status(buffer) != Aravis.BufferSuccess) return Capture.Grab.Unreadable;   // packets are missing
        byte* data = Aravis.Data(buffer, out nuint bytes);
        Aravis.Padding(buffer, out int padding, out _);
        return CameraPixels.Convert(Aravis.Format(buffer), new ReadOnlySpan<byte>(data, checked((int)bytes)), Aravis.Width(buffer), Aravis.Height(buffer), padding, into.Image)
            ? Capture.Grab.Frame
            : Capture.Grab.Unreadable;
    }

    /// <param name="device">Nanoseconds of the camera's clock.</param>
    /// <param name="arrival">Nanoseconds since 1970; 0 = unknown.</param>
    private DateTimeOffset CapturedAt(ulong device, ulong arrival)
    {
        DateTimeOffset arrived = arrival > 0 ? DateTimeOffset.UnixEpoch.AddTicks((long)(arrival / 100)) : time.GetUtcNow();
        if (device > (ulong)long.MaxValue) return arrived;
        DateTimeOffset exposed = DateTimeOffset.UnixEpoch.AddTicks((long)(device / 100));
        return (exposed - arrived).Duration() < Meaningful ? exposed : arrived;
    }

    public void Dispose() => camera?.Dispose();
}
