using Edge.Imaging;

namespace Edge.Training.Data.Labels;

/// <summary>Labels and the pictures they are about.</summary>
/// <param name="Pictures">Full path and label.</param>
/// <param name="WithoutLabel">Pictures nobody said anything about.</param>
internal sealed record LabelledFiles(IReadOnlyList<(string Path, string Label)> Pictures, IReadOnlyList<string> WithoutLabel)
{
    /// <param name="restIsNormal">Pictures without a label are normal, instead of being left out.</param>
    /// <exception cref="EdgeException">A label for a picture that is not there or twice there, two labels for one, or a label that can't be a folder's name.</exception>
    public static LabelledFiles Match(string folder, IReadOnlyList<SceneLabel> labels, bool restIsNormal)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder)) throw new EdgeException($"The folder {folder} does not exist.");
        string[] files = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal)];
        ILookup<string, string> byName = files.ToLookup(f => Path.GetFileName(f)!, StringComparer.Ordinal);
        HashSet<string> known = [.. files];
        Dictionary<string, string?> said = [];
        foreach (SceneLabel label in labels)
        {
            // Labelling tools write a path below some root of theirs, or the bare name. Only files found in the folder are ever opened.
            string path = Path.GetFullPath(label.File.Replace('\\', '/').TrimStart('/'), folder), name = Path.GetFileName(path);
            if (!known.Contains(path))
            {
                path = byName[name].ToArray() switch
                {
                    [var only] => only,
                    [] => throw new EdgeException($"{label.File} ({label.Where}) is not among the pictures of {folder}."),
                    var several => throw new EdgeException($"{label.File} ({label.Where}) may be any of {several.Length} pictures of {folder}; name it by its path below that folder."),
                };
            }
            CheckName(label);
            if (!said.TryAdd(path, label.Label) && said[path] != label.Label) throw new EdgeException($"{path} is labelled '{said[path]}' and '{label.Label}' ({label.Where}).");
        }
        return new LabelledFiles(
            [.. files.Select(f => (f, Label: said.GetValueOrDefault(f) ?? (restIsNormal ? Picture.NormalLabel : null))).Where(f => f.Label is not null).Select(f => (f.f, f.Label!))],
            restIsNormal ? [] : [.. files.Where(f => said.GetValueOrDefault(f) is null)]);
    }

    private static void CheckName(SceneLabel label)
    {
        if (label.Label is { } name && (name.Length > 100 || name[0] == '.' || name.AsSpan().IndexOfAny('/', '\\') >= 0 || name.Any(char.IsControl)))
            throw new EdgeException($"The label '{name}' of {label.File} ({label.Where}) can't be a folder's name.");
    }
}
