namespace Edge.Training.Data;

/// <summary>A picture file of a data set.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Label"><c>good</c>, or the name of the defect's folder.</param>
/// <param name="MaskPath">Ground truth of an anomalous picture; null when there is none: where it is anomalous is unknown.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
internal sealed record Picture(string Path, string Label, string? MaskPath, string Sha256)
{
    public const string NormalLabel = "good";

    public bool IsNormal => Label == NormalLabel;

    /// <summary>Of pictures that are nearly the same: the smallest of their SHA-256. Its own when it is like no other.</summary>
    public string Group { get; init; } = Sha256;
}

/// <summary>A picture that was left out because it can't be used.</summary>
public sealed record SkippedPicture(string Path, string Reason);

/// <summary>Two files with the same content; the second was left out.</summary>
public sealed record DuplicatePicture(string Kept, string Dropped);

/// <summary>A picture ready for the graph.</summary>
/// <param name="Rgb">uint8 [H, W, 3], RGB, at the model's size.</param>
/// <param name="FrameWidth">Columns of the file's picture.</param>
/// <param name="FrameHeight">Rows of the file's picture.</param>
internal sealed record LoadedPicture(Picture Picture, byte[] Rgb, int FrameWidth, int FrameHeight);
