namespace Edge.Training.Data;

/// <summary>A data set's folder: written beside its place and renamed when complete, so it is there as a whole or not at all.</summary>
internal sealed class StagedFolder : IDisposable
{
    private readonly string place;
    private bool published;

    /// <param name="mark">A file that says that this command wrote the folder; null when the command never replaces one.</param>
    /// <param name="force">Replaces a folder with that mark; never any other.</param>
    /// <exception cref="EdgeException">Something else is there, or nothing can be written there.</exception>
    public StagedFolder(string folder, string? mark = null, bool force = false)
    {
        place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(place)) throw new EdgeException($"{place} is a file; --out names a folder.");
        if (!IsFree(place))
        {
            if (mark is null) throw new EdgeException($"{place} is not empty. Choose another --out, or empty it yourself.");
            if (!File.Exists(Path.Combine(place, mark)))
                throw new EdgeException($"{place} is not empty and was not written by this command (no {mark}). Choose another --out, or empty it yourself.");
            if (!force) throw new EdgeException($"{place} was written by this command before. Choose another --out, or replace it with --force.");
        }
        Staging = $"{place}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Staging);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write to {Path.GetDirectoryName(place)}: {e.Message}", e);
        }
    }

    /// <summary>Write here.</summary>
    public string Staging { get; }

    public void Publish()
    {
        string? old = null;
        if (Directory.Exists(place)) Directory.Move(place, old = $"{place}.{Guid.NewGuid():N}.old");
        Directory.Move(Staging, place);
        published = true;
        if (old is not null) Directory.Delete(old, recursive: true);
    }

    public void Dispose()
    {
        if (!published && Directory.Exists(Staging)) Directory.Delete(Staging, recursive: true);
    }

    private static bool IsFree(string folder) => !Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any();
}
