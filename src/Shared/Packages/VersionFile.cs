using System.Globalization;
using System.Text;

namespace Edge.Packages;

/// <summary>A file beside a model's versions whose one line names one of them, or more about it. Replaced by rename: whoever reads sees one or the other.</summary>
internal sealed class VersionFile(string path)
{
    /// <summary>Null when there is none.</summary>
    /// <exception cref="EdgeException">It does not hold one positive integer, or can't be read.</exception>
    public int? Read() => ReadLine() is { } line ? Parse(line) ?? throw new EdgeException($"{path} must hold one version number, not '{Shown(line)}'.") : null;

    /// <summary>Null when there is none.</summary>
    /// <exception cref="EdgeException">It names no version and no station, or can't be read.</exception>
    public Canary? ReadCanary() =>
        ReadLine() is { } line ? Canary.Parse(line) ?? throw new EdgeException($"{path} must hold a version number and stations' names, not '{Shown(line)}'.") : null;

    private string? ReadLine()
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot read {path}: {e.Message}", e);
        }
    }

    /// <summary>The same for whoever is about to replace it: what can't be read is none.</summary>
    public int? ReadOrNone()
    {
        try
        {
            return Read();
        }
        catch (EdgeException)
        {
            return null;
        }
    }

    private static string Shown(string line) => line[..Math.Min(line.Length, 40)];

    /// <param name="version">Null removes it.</param>
    /// <exception cref="EdgeException">It can't be written.</exception>
    public void Write(int? version) => Write(version?.ToString(CultureInfo.InvariantCulture));

    /// <param name="line">Null removes it.</param>
    /// <exception cref="EdgeException">It can't be written.</exception>
    public void Write(string? line)
    {
        string staged = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            if (line is null) File.Delete(path);
            else
            {
                PackageFiles.WriteDurably(staged, Encoding.ASCII.GetBytes($"{line}\n"));
                File.Move(staged, path, overwrite: true);
            }
            PackageFiles.FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(staged);
            throw new EdgeException($"Cannot write {path}: {e.Message}", e);
        }
    }

    /// <summary>Null when it is not a version: 1, 2, 3, …</summary>
    public static int? Parse(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version) && version > 0 && text[0] != '0' ? version : null;
}
