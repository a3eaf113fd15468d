using Edge.Imaging;
using OpenCvSharp;

namespace Edge.Agent.Capture;

/// <summary>Frames of a video file, as fast as they are inspected (trigger mode Interval gives them a pace).</summary>
internal sealed class VideoSource(string path, bool loop) : IFrameSource
{
    private readonly string file = Path.GetFullPath(path);
    private readonly Mat mat = new();
    private VideoCapture? video;
    private int number;

    public void Open()
    {
        video?.Dispose();
        video = null;
        if (!File.Exists(file)) throw new EdgeException($"There is no video file {file}.");
        VideoCapture opened = new(file, VideoCaptureAPIs.FFMPEG);
        if (!opened.IsOpened())
        {
            opened.Dispose();
            throw new EdgeException($"{file} is not a video that can be read.");
        }
        (video, number) = (opened, 0);
    }

    public Grab Grab(Frame into, TimeSpan wait)
    {
        if (video is null) throw new EdgeException($"{file} is not open.");
        if (!video.Read(mat))
        {
            if (!loop) return Capture.Grab.Ended;
            if (number == 0) throw new EdgeException($"{file} holds no frame that can be read.");
            Open();
            return Capture.Grab.Nothing;
        }
        ImageFile.Copy(mat, file, into.Image);
        into.Label = $"{Path.GetFileName(file)}#{number++}";
        return Capture.Grab.Frame;
    }

    public void Dispose()
    {
        video?.Dispose();
        mat.Dispose();
    }
}
