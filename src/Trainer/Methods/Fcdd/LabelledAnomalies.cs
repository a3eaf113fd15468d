using Edge.Imaging;
using Edge.Training.Data;
using OpenCvSharp;

namespace Edge.Training.Methods.Fcdd;

/// <summary>Pictures of real defects to learn from (the semi-supervised form), in memory, with masks where there are any.</summary>
/// <param name="Images">uint8 [H, W, 3] each.</param>
/// <param name="Masks">[H, W] each, 1 where it is anomalous; null where only the picture is known to be.</param>
internal sealed record LabelledAnomalies(IReadOnlyList<Picture> Pictures, IReadOnlyList<byte[]> Images, IReadOnlyList<byte[]?> Masks)
{
    private const string Understood = "Understood are test/<defect> with ground_truth/<defect>/<picture>_mask.png, folders <defect> with ground_truth beside them, and a plain folder of anomalous pictures.";

    /// <exception cref="EdgeException">No such folder, no anomalous pictures, or none that can be read.</exception>
    public static LabelledAnomalies Load(string folder, TrainingContext context)
    {
        PictureReader reader = new(context.Input);
        MaskLoader masks = new(context.Input);
        using Mat regions = new();
        List<SkippedPicture> unreadable = [];
        List<(Picture Picture, byte[] Rgb, byte[]? Mask)> loaded = [];
        foreach (Picture picture in DatasetReader.Hash(Files(folder), new DatasetLayout(Path.GetFullPath(folder), [], [], []), unreadable, context.Cancellation).DistinctBy(p => p.Sha256))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            (LoadedPicture? read, SkippedPicture? bad) = reader.Read(picture);
            if (bad is not null) unreadable.Add(bad);
            else loaded.Add((picture, read!.Rgb, picture.MaskPath is { } path ? Mask(masks, read, path, regions, context) : null));
        }
        foreach (SkippedPicture bad in unreadable) context.Skip(bad);
        if (loaded.Count == 0) throw new EdgeException($"None of the pictures of {folder} (--anomalies) can be read.");
        return new LabelledAnomalies([.. loaded.Select(l => l.Picture)], [.. loaded.Select(l => l.Rgb)], [.. loaded.Select(l => l.Mask)]);
    }

    /// <summary>A mask that says nothing is left out: then only the picture is known to be anomalous.</summary>
    private static byte[]? Mask(MaskLoader masks, LoadedPicture picture, string path, Mat regions, TrainingContext context)
    {
        if (masks.Read(picture, regions, out _) is { } why)
        {
            context.Skip(new SkippedPicture(path, $"{why}; its picture is learned from without it"));
            return null;
        }
        regions.GetArray(out int[] region);
        return Array.ConvertAll(region, r => (byte)Math.Min(r, 1));
    }

    private static (string File, string Label)[] Files(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new EdgeException($"The folder {folder} of --anomalies does not exist. {Understood}");
        string test = Path.Combine(folder, "test");
        (string File, string Label)[] files = [.. Directory.EnumerateDirectories(Directory.Exists(test) ? test : folder)
            .Select(d => (Folder: d, Label: Path.GetFileName(d))).Where(d => d.Label is not (Picture.NormalLabel or "ground_truth" or "train") && d.Label[0] != '.')
            .SelectMany(d => FilesOf(d.Folder).Select(f => (f, d.Label)))];
        if (files.Length == 0) files = [.. FilesOf(folder).Select(f => (f, "anomalous"))];
        return files.Length > 0 ? files : throw new EdgeException($"{folder} (--anomalies) holds no anomalous pictures. {Understood}");
    }

    private static IEnumerable<string> FilesOf(string folder) => Directory.EnumerateFiles(folder).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal);
}
