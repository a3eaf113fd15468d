using System.Text.Json.Serialization;

namespace Edge.Imaging;

/// <summary>Rectangle in camera pixels, origin top left.</summary>
public sealed record Roi(int X, int Y, int Width, int Height);

/// <summary>Pictures larger than the graph's input are inspected in tiles of its size, all of them in one batch.</summary>
/// <param name="Width">Columns of a tile, pixels.</param>
/// <param name="Height">Rows of a tile, pixels.</param>
/// <param name="Overlap">Pixels that neighbours share at least, less than half a tile: a defect on a border is whole in one of them.</param>
public sealed record TileSpec(int Width, int Height, int Overlap);

/// <summary>
/// How a camera frame becomes the graph's <c>image</c> input (uint8 [N, H, W, 3], RGB). Part of the package: training and
/// inspection read the same one.
/// </summary>
public record InputSpec
{
    /// <summary>Columns of the picture that is inspected, pixels: the graph's input, or with <see cref="Tiles"/> all of them together.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of the picture that is inspected, pixels.</summary>
    public required int Height { get; init; }

    /// <summary>null = the graph takes the whole picture.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TileSpec? Tiles { get; init; }

    /// <summary>True when the graph accepts only this size (PatchCore, EfficientAD).</summary>
    public bool FixedSize { get; init; } = true;

    /// <summary>Part of the frame that is inspected; null = all of it.</summary>
    public Roi? Roi { get; init; }

    /// <summary>Polygons in camera pixels outside of which nothing is seen, as <see cref="FrameMask"/> reads them; null = all of the region is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Mask { get; init; }

    /// <summary>For pictures that are no frames of the station's camera.</summary>
    public InputSpec WithoutRegion() => this with { Roi = null, Mask = null };

    /// <summary>16-bit sample that maps to 255: 65535 for full-range pictures, 4095 for a 12-bit camera, 1023 for a 10-bit one.</summary>
    public int WhiteLevel { get; init; } = ushort.MaxValue;
}
