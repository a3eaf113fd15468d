using Edge.Imaging;
using Edge.Training.Data.Quality;

namespace Edge.Training.Data;

/// <summary>Every labelled picture below a folder, whatever it is to be used for.</summary>
internal static class DataFolder
{
    /// <summary>
    /// The MVTec layout; or folders <c>good</c> and <c>&lt;defect&gt;</c>, as a person sorts pictures before they are split; or a plain
    /// folder of normal pictures.
    /// </summary>
    /// <exception cref="EdgeException">No such folder, or nothing in it that is understood.</exception>
    public static IReadOnlyList<DataFile> Files(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (IsSorted(folder))
        {
            return [.. Directory.EnumerateDirectories(folder).Where(d => Path.GetFileName(d) is var name && name != "ground_truth" && name[0] != '.').Order(StringComparer.Ordinal)
                .SelectMany(d => Directory.EnumerateFiles(d).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal).Select(f => Of(folder, f, Path.GetFileName(d))))];
        }
        DatasetLayout layout = DatasetLayout.Find(folder);
        return [.. layout.Train.Select(f => Of(folder, f, Picture.NormalLabel)), .. layout.Test.SelectMany(t => t.Files.Select(f => Of(folder, f, t.Label)))];
    }

    /// <summary><c>ground_truth/&lt;defect&gt;/&lt;stem&gt;_mask.png</c>, or without <c>_mask</c>; null when neither is there.</summary>
    public static string? MaskOf(string folder, DataFile file) =>
        file.Label == Picture.NormalLabel ? null : new DatasetLayout(Path.GetFullPath(folder), [], [], []).MaskOf(file.Label, file.Path);

    private static bool IsSorted(string folder) =>
        Directory.Exists(Path.Combine(folder, Picture.NormalLabel)) && !Directory.Exists(Path.Combine(folder, "train")) && !Directory.Exists(Path.Combine(folder, "test"));

    private static DataFile Of(string folder, string file, string label) => new(file, Path.GetRelativePath(folder, file).Replace('\\', '/'), label);
}
