using Edge.Training.Data;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Gates;

/// <summary>
/// Pictures of the newest accepted parts in an agent's archive: <c>&lt;day&gt;/&lt;station&gt;/&lt;time&gt;_&lt;station&gt;_accept_&lt;job&gt;.png</c>. Nobody has said that they are
/// normal, but nearly all are; none of them was trained on unless somebody reviewed it.
/// </summary>
internal static class LastNormals
{
    public static IReadOnlyList<Picture> Of(string archive, ProductOptions product, int last)
    {
        if (!Directory.Exists(archive)) return [];
        try
        {
            return [.. Directory.EnumerateDirectories(archive).OrderByDescending(Path.GetFileName, StringComparer.Ordinal)
                .SelectMany(day => Directory.EnumerateDirectories(day).Where(s => product.Has(Path.GetFileName(s)))
                    .SelectMany(station => Directory.EnumerateFiles(station, "*_accept_*.png")).OrderByDescending(Path.GetFileName, StringComparer.Ordinal))
                .Take(last).Select(f => new Picture(f, Picture.NormalLabel, null, ""))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The archive {archive} can't be read: {e.Message}", e);
        }
    }
}
