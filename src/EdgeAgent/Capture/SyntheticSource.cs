using Edge.Agent.Configuration;
using Edge.Synthetic;

namespace Edge.Agent.Capture;

/// <summary>Rendered machined parts: a camera for trying things out. A frame's label says what was rendered, e.g. <c>part-000007-scratch</c>.</summary>
internal sealed class SyntheticSource(SourceOptions options) : IFrameSource
{
    private const int UsualWidth = 640, UsualHeight = 512;
    private static readonly Defect[] Defects = [.. Enum.GetValues<Defect>().Where(d => d != Defect.None)];

    private MachinedPart? camera;
    private int index;

    public void Open() => camera ??= new MachinedPart(options.Width > 0 ? options.Width : UsualWidth, options.Height > 0 ? options.Height : UsualHeight, options.Seed);

    public Grab Grab(Frame into, TimeSpan wait)
    {
        Random random = new(unchecked(options.Seed * 31 + ++index));
        Defect defect = random.NextDouble() < options.DefectRate ? Defects[random.Next(Defects.Length)] : Defect.None;
        camera!.Render(index, defect, into.Image, []);
        into.Label = $"part-{index:D6}-{(defect == Defect.None ? "normal" : defect.ToString().ToLowerInvariant())}";
        return Capture.Grab.Frame;
    }

    public void Dispose() => camera?.Dispose();
}
