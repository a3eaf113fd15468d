using Edge.Agent.Configuration;

namespace Edge.Agent.Capture;

/// <summary>Rendered machined parts.</summary>
internal sealed class SyntheticSource(SourceOptions options) : IFrameSource
{
    public void Open() => throw new EdgeException($"Rendered parts are not built in yet (seed {options.Seed}).");
    public Grab Grab(Frame into, TimeSpan wait) => Capture.Grab.Ended;
    public void Dispose() { }
}
