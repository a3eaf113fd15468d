using Edge.Agent.Configuration;
using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Agent.Capture;

/// <summary>A local camera (V4L2), by its index.</summary>
internal sealed class DeviceSource(SourceOptions options) : IFrameSource
{
    private readonly string name = $"camera {options.Index}";
    private readonly Mat mat = new();
    private VideoCapture? device;

    public void Open()
    {
        device?.Dispose();
        device = null;
        VideoCapture opened = new(options.Index, VideoCaptureAPIs.V4L2);
        if (!opened.IsOpened())
        {
            opened.Dispose();
            throw new EdgeException($"There is no {name}, or another program holds it (/dev/video{options.Index}).");
        }
        if (options.Width > 0) opened.Set(VideoCaptureProperties.FrameWidth, options.Width);
        if (options.Height > 0) opened.Set(VideoCaptureProperties.FrameHeight, options.Height);
        opened.Set(VideoCaptureProperties.BufferSize, 1);
        device = opened;
    }

    public bool IsLive => true;

    /// <summary>The driver keeps a finished frame (its buffer is set to one): it shows an earlier part.</summary>
    public void NewPart() => device?.Grab();

    public Grab Grab(Frame into, TimeSpan wait)
    {
        if (device is null) throw new EdgeException($"{name} is not open.");
        if (!device.Read(mat) || mat.Empty()) throw new EdgeException($"{name} gives no frames any more.");
        ImageFile.Copy(mat, name, into.Image);
        into.Label = null;
        return Capture.Grab.Frame;
    }

    public void Dispose()
    {
        device?.Dispose();
        mat.Dispose();
    }
}
