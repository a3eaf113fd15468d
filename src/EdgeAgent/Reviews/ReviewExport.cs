namespace Edge.Agent.Reviews;

/// <summary>A copy of the reviewed pictures of one model, for another machine.</summary>
internal static class ReviewExport
{
    /// <returns>What was done, for people.</returns>
    /// <exception cref="EdgeException">It can't be read or written; what was copied stays, and the next run goes on.</exception>
    public static string Run(string reviews, string model, string target, CancellationToken cancel)
    {
        using ReviewFile file = ReviewFile.Open(reviews);
        ReviewPictures pictures = new(reviews);
        Review[] judged = [.. file.OfPictures().Where(r => r.Model == model)];
        int copied = 0, there = 0, removed = 0, missing = 0;
        try
        {
            foreach (Review review in judged)
            {
                cancel.ThrowIfCancellationRequested();
                string name = review.Picture + ".png";
                string? wanted = review.Label is { } label ? Path.Combine(target, label, name) : null;
                if (Directory.Exists(target))
                    foreach (string other in Directory.EnumerateDirectories(target).Select(d => Path.Combine(d, name)).Where(f => f != wanted && File.Exists(f)))
                    {
                        File.Delete(other);   // it was judged anew
                        removed++;
                    }
                if (wanted is null) continue;
                if (File.Exists(wanted)) there++;
                else if (pictures.Find(model, review.Picture!) is not { } source) missing++;
                else
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(wanted)!);
                    File.Copy(source, wanted + ".part", overwrite: true);
                    File.Move(wanted + ".part", wanted);
                    copied++;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"The reviewed pictures can't be copied to {target}: {e.Message}", e);
        }
        return $"{copied} pictures copied, {there} were there, {removed} removed because they were judged anew{(missing > 0 ? $", {missing} are missing" : "")}";
    }
}
