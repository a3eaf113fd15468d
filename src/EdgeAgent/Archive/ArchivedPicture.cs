using System.Security.Cryptography;
using System.Text.Json;

namespace Edge.Agent.Archive;

/// <summary>A picture of the archive by its entry in the journal.</summary>
internal static class ArchivedPicture
{
    /// <summary>The file as it was written: its SHA-256 is the entry's.</summary>
    /// <param name="archive">The archive's folder.</param>
    /// <param name="record">Of the journal's entry.</param>
    /// <param name="image">The entry; null when it is none.</param>
    /// <returns>Null when the picture is gone or damaged, or was never one of the archive's.</returns>
    public static byte[]? Read(string archive, string record, out ImageRecord? image)
    {
        image = null;
        try
        {
            image = JsonSerializer.Deserialize(record, ArchiveJson.Default.ImageRecord);
            if (image?.File is null || Find(archive, image.File) is not { } path) return null;
            byte[] png = File.ReadAllBytes(path);
            return Convert.ToHexStringLower(SHA256.HashData(png)) == image.Sha256 ? png : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The journal is a file that others can write to: what it names must still be a picture of the archive, and no link out of it.</summary>
    private static string? Find(string archive, string relative)
    {
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(archive)), path = Path.GetFullPath(Path.Combine(folder, relative));
        if (!path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal) || Path.GetExtension(path) != ".png") return null;
        for (FileSystemInfo at = new FileInfo(path); at.FullName != folder; at = Directory.GetParent(at.FullName)!)
            if (at.LinkTarget is not null) return null;
        return path;
    }
}
