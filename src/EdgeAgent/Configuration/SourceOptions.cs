using System.ComponentModel.DataAnnotations;

namespace Edge.Agent.Configuration;

internal enum SourceKind
{
    /// <summary>Pictures of a folder, in name order; new ones as they come.</summary>
    Folder = 0,
    Video,
    /// <summary>A local device, by its index.</summary>
    Camera,
    /// <summary>Rendered machined parts: no camera needed.</summary>
    Synthetic,
    /// <summary>GigE Vision or USB3 Vision.</summary>
    Aravis,
    /// <summary>An RTSP (ONVIF) stream, decoded by ffmpeg.</summary>
    Rtsp,
    /// <summary>A picture for each HTTP request.</summary>
    Http,
}

internal enum StreamTransport
{
    Tcp = 0,
    Udp,
}

internal sealed class SourceOptions : IValidatableObject
{
    /// <summary>Where frames come from: pictures of a folder, a video file, a local camera (V4L2), rendered parts, a GigE Vision or USB3 Vision camera (Aravis), an RTSP stream, or HTTP snapshots.</summary>
    public SourceKind Kind { get; set; }

    /// <summary>Folder or video file. A part that is triggered over MQTT gets the next picture; one that gets none (overload, deadline) takes none, so for a line the trigger should be the picture itself (FreeRunning).</summary>
    public string? Path { get; set; }

    /// <summary>Folder: wait for new pictures when all are taken.</summary>
    public bool Watch { get; set; } = true;

    /// <summary>Folder, Video: start again at the end.</summary>
    public bool Loop { get; set; }

    /// <summary>Camera: 0 is the first device.</summary>
    [Range(0, 255)]
    public int Index { get; set; }

    /// <summary>Camera, Aravis, Synthetic: columns, pixels; 0 = the device's own choice (Synthetic: 640).</summary>
    [Range(0, 65_535)]
    public int Width { get; set; }

    /// <summary>Camera, Aravis, Synthetic: rows, pixels; 0 = the device's own choice (Synthetic: 512).</summary>
    [Range(0, 65_535)]
    public int Height { get; set; }

    /// <summary>Synthetic: fraction of parts with a defect.</summary>
    [Range(0.0, 1.0)]
    public double DefectRate { get; set; } = 0.1;

    /// <summary>Synthetic: the same seed renders the same parts.</summary>
    public int Seed { get; set; }

    /// <summary>A grab that takes longer is a dead camera: its part is <c>uninspected</c>.</summary>
    [Range(100, 600_000)]
    public int TimeoutMs { get; set; } = 5000;

    /// <summary>Milliseconds between two attempts to open a source that failed.</summary>
    [Range(10, 600_000)]
    public int ReconnectMs { get; set; } = 1000;

    /// <summary>Live sources: the same frame for so many milliseconds is a frozen camera, which is opened again. A frame that equals the one before is never inspected. 0 = frames are not compared.</summary>
    [Range(0, 600_000)]
    public int FrozenMs { get; set; } = 2000;

    /// <summary>Rtsp, Http: address of the stream or picture, without user and password.</summary>
    public string? Url { get; set; }

    /// <summary>Rtsp, Http: file with one line, <c>user:password</c>; or <c>credential:NAME</c> of systemd.</summary>
    public string? CredentialsFile { get; set; }

    /// <summary>Rtsp: how the stream comes. Udp loses pictures on a busy network.</summary>
    public StreamTransport Transport { get; set; }

    /// <summary>Rtsp: from exposure to arrival. A triggered part gets the first frame that comes so much after its trigger.</summary>
    [Range(0, 60_000)]
    public int LatencyMs { get; set; } = 200;

    public AravisOptions Aravis { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind is SourceKind.Folder or SourceKind.Video && string.IsNullOrWhiteSpace(Path))
            yield return new ValidationResult($"must name the {(Kind == SourceKind.Folder ? "folder" : "file")} when Kind is {Kind}", [nameof(Path)]);
        string[] schemes = Kind switch { SourceKind.Rtsp => ["rtsp", "rtsps"], SourceKind.Http => ["http", "https"], _ => [] };
        if (schemes.Length > 0 && (!Uri.TryCreate(Url, UriKind.Absolute, out Uri? uri) || !schemes.Contains(uri.Scheme)))
            yield return new ValidationResult($"must be an address that begins with {string.Join(":// or ", schemes)}:// when Kind is {Kind}", [nameof(Url)]);
        else if (schemes.Length > 0 && new Uri(Url!).UserInfo.Length > 0)
            yield return new ValidationResult("must not hold user or password: they belong into CredentialsFile", [nameof(Url)]);
        foreach ((string name, int side) in new[] { (nameof(Width), Width), (nameof(Height), Height) })
            if (Kind == SourceKind.Synthetic && side is not 0 and (< 256 or > 8192))
                yield return new ValidationResult("must be 0 or 256 to 8192 when Kind is Synthetic", [name]);
    }
}
