using System.Runtime.InteropServices;

namespace Edge.Training.Data;

internal enum LinkMode
{
    /// <summary>Copies.</summary>
    Never = 0,
    /// <summary>A copy where the file system, or whose the file is, does not allow a link.</summary>
    WherePossible,
    Always,
}

/// <summary>Puts pictures and masks into a folder in the MVTec layout: copies, or hard links that take no space. Sources stay as they are.</summary>
internal sealed partial class DatasetWriter(string folder, LinkMode link)
{
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="place"><c>train</c>, <c>test</c>, <c>validation/test</c>.</param>
    /// <param name="mask">Goes to <c>ground_truth</c> beside <c>test</c>; null when there is none.</param>
    /// <returns>Where the picture is now, below the folder.</returns>
    public string Add(string source, string place, string label, string? mask)
    {
        string stem = Path.GetFileNameWithoutExtension(source), extension = Path.GetExtension(source), name = stem;
        // Pictures of two folders may share a name; a mask is found by the stem alone, so 1.png and 1.jpg may not share one either.
        for (int i = 2; !taken.Add($"{place}/{label}/{name}"); i++) name = $"{stem}-{i}";
        string target = $"{place}/{label}/{name}{extension}";
        Put(source, target);
        if (mask is not null) Put(mask, $"{(place.Contains('/') ? place[..(place.LastIndexOf('/') + 1)] : "")}ground_truth/{label}/{name}_mask.png");
        return target;
    }

    private void Put(string source, string target)
    {
        string path = Path.Combine(folder, target);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            if (link != LinkMode.Never && Link(source, path) == 0) return;
            if (link == LinkMode.Always) throw new EdgeException($"{source} can't be linked to {path}: {Marshal.GetLastPInvokeErrorMessage()}. Hard links need one file system; leave out --link to copy.");
            File.Copy(source, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write {path}: {e.Message}", e);
        }
    }

    // .NET 10 makes symbolic links only.
    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Link(string existing, string created);
}
