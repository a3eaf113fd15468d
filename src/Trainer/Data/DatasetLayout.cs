using Edge.Imaging;

namespace Edge.Training.Data;

/// <summary>Which files of a folder are pictures of what. Knows names only, opens nothing.</summary>
/// <param name="Folder">Full path.</param>
/// <param name="Train">Files of <c>train/good</c>, or of the plain folder.</param>
/// <param name="Test">Label and files of each folder below <c>test</c>.</param>
/// <param name="Ignored">Folders and files that look like data but have no place in the layout.</param>
internal sealed record DatasetLayout(
    string Folder, IReadOnlyList<string> Train, IReadOnlyList<(string Label, IReadOnlyList<string> Files)> Test, IReadOnlyList<string> Ignored)
{
    public const string Understood =
        "Understood are the MVTec layout (train/good, test/good, test/<defect>, ground_truth/<defect>/<picture>_mask.png) "
        + "and a plain folder of normal pictures (.png .jpg .jpeg .bmp .tif .tiff .webp .pgm .ppm).";

    public static DatasetLayout Find(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (File.Exists(folder)) throw new EdgeException($"{folder} is a file; a folder of pictures is needed. {Understood}");
        if (!Directory.Exists(folder)) throw new EdgeException($"The folder {folder} does not exist. {Understood}");
        try
        {
            string train = Path.Combine(folder, "train", Picture.NormalLabel), test = Path.Combine(folder, "test");
            bool hasTrain = Directory.Exists(train), hasTest = Directory.Exists(test);
            IReadOnlyList<string> direct = Pictures(folder);
            if (!hasTrain && !hasTest)
            {
                if (direct.Count > 0) return new DatasetLayout(folder, direct, [], []);
                bool empty = !Directory.EnumerateFileSystemEntries(folder).Any();
                throw new EdgeException($"{folder} {(empty ? "is empty" : "holds no pictures in a layout that is understood")}. {Understood}");
            }
            List<string> ignored = [];
            if (direct.Count > 0) ignored.Add($"{direct.Count} pictures directly in {folder}");
            if (hasTrain) ignored.AddRange(Folders(Path.Combine(folder, "train")).Where(f => Path.GetFileName(f) != Picture.NormalLabel));
            if (hasTest && Pictures(test).Count is > 0 and int loose) ignored.Add($"{loose} pictures directly in {test} (their label is unknown)");
            return new DatasetLayout(
                folder,
                hasTrain ? Pictures(train) : [],
                hasTest ? [.. Folders(test).Select(f => (Path.GetFileName(f), Pictures(f)))] : [],
                ignored);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"{folder} can't be read: {e.Message}", e);
        }
    }

    /// <summary><c>ground_truth/&lt;defect&gt;/&lt;stem&gt;_mask.png</c>, or without <c>_mask</c>; null when neither is there.</summary>
    public string? MaskOf(string label, string picture)
    {
        string stem = Path.Combine(Folder, "ground_truth", label, Path.GetFileNameWithoutExtension(picture));
        return new[] { stem + "_mask.png", stem + ".png" }.FirstOrDefault(File.Exists);
    }

    private static IReadOnlyList<string> Pictures(string folder) =>
        [.. Directory.EnumerateFiles(folder).Where(f => ImageFile.HasImageExtension(f) && !IsHidden(f)).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Folders(string folder) =>
        Directory.EnumerateDirectories(folder).Where(f => !IsHidden(f)).Order(StringComparer.Ordinal);

    private static bool IsHidden(string path) => Path.GetFileName(path.AsSpan()).StartsWith(".", StringComparison.Ordinal);
}
