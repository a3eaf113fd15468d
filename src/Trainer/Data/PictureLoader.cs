using System.Collections.Concurrent;
using Edge.Imaging;
using Edge.Training.Cli;

namespace Edge.Training.Data;

/// <summary>Pictures of one pass, in the data set's order, and those that could not be decoded.</summary>
internal sealed record LoadedPictures(IReadOnlyList<LoadedPicture> Pictures, IReadOnlyList<SkippedPicture> Skipped);

/// <summary>Decodes and preprocesses pictures on all cores, order kept. A file that can't be decoded is named and left out.</summary>
internal static class PictureLoader
{
    /// <summary>All of them in memory: Height × Width × 3 bytes each.</summary>
    /// <param name="strict">A picture that can't be decoded is an error.</param>
    public static LoadedPictures Load(IReadOnlyList<Picture> pictures, InputSpec input, bool strict, Terminal terminal, CancellationToken ct) =>
        terminal.Progress("reading pictures", progress =>
        {
            List<LoadedPicture> loaded = new(pictures.Count);
            List<SkippedPicture> skipped = [];
            foreach (LoadedPicture picture in Stream(pictures, input, strict, skipped, terminal, ct))
            {
                loaded.Add(picture);
                progress.Report((double)(loaded.Count + skipped.Count) / pictures.Count);
            }
            return new LoadedPictures(loaded, skipped);
        });

    /// <summary>One after the other, read ahead by at most two pictures a core, so a set of any size can be evaluated.</summary>
    /// <param name="input">With <see cref="TileInput"/> each picture comes as its tiles, one after the other.</param>
    /// <param name="skipped">Receives what can't be decoded, on the thread that enumerates.</param>
    public static IEnumerable<LoadedPicture> Stream(
        IReadOnlyList<Picture> pictures, InputSpec input, bool strict, ICollection<SkippedPicture> skipped, Terminal terminal, CancellationToken ct) =>
        input is TileInput tiled ? Stream(pictures, tiled.Whole, strict, skipped, terminal, ct).SelectMany(tiled.Cut) : StreamWhole(pictures, input, strict, skipped, terminal, ct);

    private static IEnumerable<LoadedPicture> StreamWhole(
        IReadOnlyList<Picture> pictures, InputSpec input, bool strict, ICollection<SkippedPicture> skipped, Terminal terminal, CancellationToken ct)
    {
        ConcurrentBag<PictureReader> idle = [];
        Queue<Task<(LoadedPicture? Loaded, SkippedPicture? Skipped)>> ahead = new();
        int window = 2 * Environment.ProcessorCount, next = 0;
        try
        {
            while (true)
            {
                ct.ThrowIfCancellationRequested();
                for (; next < pictures.Count && ahead.Count < window; next++)
                {
                    Picture picture = pictures[next];
                    ahead.Enqueue(Task.Run(() =>
                    {
                        PictureReader reader = idle.TryTake(out PictureReader? free) ? free : new PictureReader(input);
                        try { return reader.Read(picture); }
                        finally { idle.Add(reader); }
                    }, ct));
                }
                if (!ahead.TryDequeue(out var first)) yield break;
                (LoadedPicture? loaded, SkippedPicture? bad) = first.GetAwaiter().GetResult();
                if (bad is not null)
                {
                    if (strict) throw new EdgeException($"{bad.Path}: {bad.Reason} (--strict stops at the first such picture)");
                    terminal.Warn($"skipped {bad.Path}: {bad.Reason}");
                    skipped.Add(bad);
                }
                else
                {
                    yield return loaded!;
                }
            }
        }
        finally
        {
            // What was read ahead in vain; its failures no longer matter.
            Task.WhenAll(ahead).ContinueWith(t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Wait(CancellationToken.None);
        }
    }
}
