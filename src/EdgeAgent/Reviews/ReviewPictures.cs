namespace Edge.Agent.Reviews;

/// <summary>
/// Pictures of reviewed parts: <c>pictures/&lt;model&gt;/good</c>, <c>pictures/&lt;model&gt;/&lt;defect&gt;</c>, and <c>aside/&lt;model&gt;</c> for what nobody should learn from.
/// Each lies in one place, the one that the last opinion says; its name is its SHA-256.
/// </summary>
internal sealed class ReviewPictures(string folder)
{
    private const string Unfinished = ".part";

    /// <summary>As data for edge-trainer.</summary>
    public string Learnt => Path.Combine(folder, "pictures");

    private string Aside => Path.Combine(folder, "aside");

    /// <summary>The picture is on the disk when it returns, wherever it lies.</summary>
    /// <exception cref="EdgeException">It can't be written.</exception>
    public void Keep(string model, string sha256, byte[] png)
    {
        if (Find(model, sha256) is not null) return;
        string file = PathOf(Aside, model, sha256);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using (FileStream stream = new(file + Unfinished, FileMode.Create, FileAccess.Write))
            {
                stream.Write(png);
                stream.Flush(flushToDisk: true);
            }
            File.Move(file + Unfinished, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The picture can't be kept: {e.Message}", e);
        }
    }

    /// <summary>Puts a kept picture where the last opinion wants it; its time is now, so that the trainer sees that it is news.</summary>
    /// <exception cref="EdgeException">It can't be moved.</exception>
    public void Place(Review review)
    {
        if (review is not { Model: { } model, Picture: { } picture } || Find(model, picture) is not { } there) return;
        string wanted = review.Label is { } label ? PathOf(Path.Combine(Learnt, model), label, picture) : PathOf(Aside, model, picture);
        if (there == wanted) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(wanted)!);
            File.SetLastWriteTimeUtc(there, DateTime.UtcNow);
            File.Move(there, wanted, overwrite: true);
            string left = Path.GetDirectoryName(there)!;
            if (!Directory.EnumerateFileSystemEntries(left).Any()) Directory.Delete(left);   // an empty folder would be a kind of defect without pictures
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The picture {there} can't be moved to {wanted}: {e.Message}", e);
        }
    }

    /// <summary>Where it lies; null = it was never kept.</summary>
    public string? Find(string model, string sha256)
    {
        string learnt = Path.Combine(Learnt, model);
        string? file = Directory.Exists(learnt) ? Directory.EnumerateDirectories(learnt).Select(label => Path.Combine(label, sha256 + ".png")).FirstOrDefault(File.Exists) : null;
        if (file is not null) return file;
        file = PathOf(Aside, model, sha256);
        return File.Exists(file) ? file : null;
    }

    private static string PathOf(string root, string below, string sha256) => Path.Combine(root, below, sha256 + ".png");
}
