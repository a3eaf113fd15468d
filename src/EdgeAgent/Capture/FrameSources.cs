using Edge.Agent.Capture.GenICam;
using Edge.Agent.Capture.Network;
using Edge.Agent.Configuration;

namespace Edge.Agent.Capture;

internal static class FrameSources
{
    public static IFrameSource Create(SourceOptions options, TriggerMode mode, TimeProvider time) => options.Kind switch
    {
        SourceKind.Folder => new FolderSource(options.Path!, options.Watch, options.Loop, time),
        SourceKind.Video => new VideoSource(options.Path!, options.Loop),
        SourceKind.Camera => new DeviceSource(options),
        SourceKind.Synthetic => new SyntheticSource(options),
        SourceKind.Aravis => new AravisSource(options, mode, time),
        SourceKind.Rtsp => new RtspSource(options, time),
        SourceKind.Http => new HttpSource(options, time),
        _ => throw new EdgeException($"There is no source of kind {options.Kind}."),
    };
}
