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
}

internal sealed class SourceOptions : IValidatableObject
{
    /// <summary>Where frames come from: pictures of a folder, a video file, a local camera (V4L2), rendered parts, a GigE Vision or USB3 Vision camera (Aravis).</summary>
    public SourceKind Kind { get; set; }

    /// <summary>Folder or video file.</summary>
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

    public AravisOptions Aravis { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Kind is SourceKind.Folder or SourceKind.Video && string.IsNullOrWhiteSpace(Path))
            yield return new ValidationResult($"must name the {(Kind == SourceKind.Folder ? "folder" : "file")} when Kind is {Kind}", [nameof(Path)]);
        foreach ((string name, int side) in new[] { (nameof(Width), Width), (nameof(Height), Height) })
            if (Kind == SourceKind.Synthetic && side is not 0 and (< 256 or > 8192))
                yield return new ValidationResult("must be 0 or 256 to 8192 when Kind is Synthetic", [name]);
    }
}
