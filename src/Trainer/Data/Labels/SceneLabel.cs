namespace Edge.Training.Data.Labels;

/// <summary>What somebody said about a whole picture.</summary>
/// <param name="File">As the labelling tool wrote it: a path below the pictures' folder, or a file name.</param>
/// <param name="Label"><c>good</c> or the defect; null when nothing was said.</param>
/// <param name="Where">Line or id in the label file, for messages.</param>
internal sealed record SceneLabel(string File, string? Label, string Where)
{
    private static readonly HashSet<string> NormalWords = new(StringComparer.OrdinalIgnoreCase) { "good", "normal", "ok", "no_defect", "no defect" };

    /// <summary>One label of several: a normal word says nothing beside a defect, and two defects are <c>combined</c>, as MVTec AD calls them.</summary>
    public static string? Of(IEnumerable<string> labels)
    {
        string[] all = [.. labels.Select(l => l.Trim()).Where(l => l.Length > 0)], defects = [.. all.Where(l => !NormalWords.Contains(l)).Distinct(StringComparer.Ordinal)];
        return defects.Length switch { 0 => all.Length == 0 ? null : Picture.NormalLabel, 1 => defects[0], _ => "combined" };
    }
}
