using System.Globalization;

namespace Edge.Agent.Archive;

/// <summary>
/// The archive's files: written beside and renamed, the oldest removed by age, size and free space. One thread. Knows its size from one
/// look at the start and its own doings since.
/// </summary>
internal sealed class ArchiveFolder(string path)
{
    private const string Unfinished = ".part";

    private long? bytes;

    /// <summary>Bytes of all pictures.</summary>
    public long Bytes => bytes ??= Look();

    /// <summary>Bytes that are free on its disk.</summary>
    public long Free => new DriveInfo(path).AvailableFreeSpace;

    /// <exception cref="IOException">The disk is full, for one; nothing is left behind.</exception>
    public void Write(string relative, ReadOnlySpan<byte> content)
    {
        string file = Path.Combine(path, relative), beside = file + Unfinished;
        long before = Bytes;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            using (FileStream stream = new(beside, FileMode.Create, FileAccess.Write)) stream.Write(content);
            File.Move(beside, file, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
        bytes = before + content.Length;
    }

    /// <summary>Removes pictures of days before <paramref name="day"/>.</summary>
    public int RemoveBefore(DateOnly day) => Remove(file => DayOf(file) < day);

    /// <summary>Removes the oldest until <paramref name="enough"/> says so, or none is left.</summary>
    public int RemoveUntil(Func<bool> enough) => Remove(_ => !enough());

    private int Remove(Func<FileInfo, bool> remove)
    {
        int removed = 0;
        foreach (DirectoryInfo day in Days())
        {
            // Names begin with the time: stations are mixed in its order.
            foreach (FileInfo file in day.EnumerateFiles("*.png", SearchOption.AllDirectories).OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                if (!remove(file)) return removed;
                long length = file.Length;
                file.Delete();
                bytes = Bytes - length;
                removed++;
            }
            foreach (DirectoryInfo station in day.EnumerateDirectories()) if (!station.EnumerateFileSystemInfos().Any()) station.Delete();
            if (!day.EnumerateFileSystemInfos().Any()) day.Delete();
        }
        return removed;
    }

    private static DateOnly DayOf(FileInfo file) => DateOnly.ParseExact(file.Directory!.Parent!.Name, "yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>Oldest first. What else lies in the folder is not ours.</summary>
    private IEnumerable<DirectoryInfo> Days()
    {
        DirectoryInfo folder = new(path);
        return !folder.Exists ? [] : [.. folder.EnumerateDirectories()
            .Where(d => DateOnly.TryParseExact(d.Name, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)).OrderBy(d => d.Name, StringComparer.Ordinal)];
    }

    /// <summary>Removes what a crash has left half-written.</summary>
    private long Look()
    {
        Directory.CreateDirectory(path);
        long sum = 0;
        foreach (DirectoryInfo day in Days())
        {
            foreach (FileInfo file in day.EnumerateFiles("*", SearchOption.AllDirectories))
            {
                if (file.Name.EndsWith(Unfinished, StringComparison.Ordinal)) file.Delete();
                else sum += file.Length;
            }
        }
        return sum;
    }
}
