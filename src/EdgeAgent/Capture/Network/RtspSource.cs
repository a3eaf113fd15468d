using Edge.Agent.Configuration;

namespace Edge.Agent.Capture.Network;

/// <summary>An RTSP (ONVIF) stream. It runs by itself: the newest frame wins, and a triggered part gets one that came after its trigger.</summary>
internal sealed class RtspSource(SourceOptions options, TimeProvider time) : IFrameSource
{
    private FfmpegStream? stream;
    private long notBefore;

    public bool IsLive => true;

    /// <exception cref="EdgeException">No frame came in time, and why.</exception>
    public void Open()
    {
        stream?.Dispose();
        stream = null;
        FfmpegStream opened = new(options, time);
        try
        {
            if (!opened.TryTake(null, 0, TimeSpan.FromMilliseconds(options.TimeoutMs)))
                throw new CameraException(CameraCause.Silent, $"The stream {options.Url} gives no frame for {options.TimeoutMs} ms.");
        }
        catch
        {
            opened.Dispose();
            throw;
        }
        (stream, notBefore) = (opened, 0);
    }

    public void NewPart() => notBefore = time.GetTimestamp() + (long)(options.LatencyMs / 1000.0 * time.TimestampFrequency);

    public void Check() => stream!.Check(TimeSpan.FromMilliseconds(options.TimeoutMs));

    public Grab Grab(Frame into, TimeSpan wait) => stream!.TryTake(into.Image, notBefore, wait) ? Capture.Grab.Frame : Capture.Grab.Nothing;

    public void Dispose() => stream?.Dispose();
}
