using Edge.Training.Data;

namespace Edge.Training.Methods.PatchCore;

/// <summary>More normal pictures in a memory bank that exists: the greedy k-center selection goes on where it ended.</summary>
internal static class BankExtension
{
    /// <param name="memory">Most bytes of the new bank.</param>
    /// <exception cref="EdgeException">No picture can be read, or the budget has no room.</exception>
    public static MemoryBank Extend(PackagedPatchCore package, IReadOnlyList<Picture> pictures, long memory, int threads, TrainingContext context)
    {
        MemoryBank bank = package.Bank;
        int neighbours = bank.NeighbourCount == 0 ? 0 : (int)package.Parameter("neighbours", MemoryBank.UsualNeighbours);
        long room = memory / MemoryBank.BytesPerRow(bank.Dimension, neighbours, bank.Storage) - bank.Count;
        if (room <= 0) throw new EdgeException($"The memory bank has {bank.Count:N0} rows, {bank.Bytes / 1048576.0:0.0} MiB, and {memory / 1048576.0:0.0} MiB allow no more. Give it more with --memory, e.g. --memory {Math.Ceiling(bank.Bytes * 1.5 / 1048576.0)}MiB.");

        PatchSample sample = Embed(package, pictures, context);
        int seed = (int)package.Parameter("seed", 0);
        int more = (int)Math.Min(room, Math.Max(1, Math.Floor(package.Parameter("coreset", new PatchCoreOptions().CoresetRatio) * sample.Count)));
        using PackedRows rows = PatchCoreTraining.Project([.. bank.Rows, .. sample.Rows], bank.Dimension, seed, context.Cancellation);
        int[] picks = context.Terminal.Progress("selecting coreset", progress => GreedyCoreset.Continue(
            rows, bank.Count + more, Enumerable.Range(0, bank.Count), threads, f => progress.Report(f), context.Cancellation));
        float[] added = sample.Pick([.. picks.Skip(bank.Count).Select(p => p - bank.Count)]);
        return bank.With(added, neighbours, context.Cancellation);
    }

    /// <summary>Embeddings of pictures by the graph itself, sampled as in training.</summary>
    public static PatchSample Embed(PackagedPatchCore package, IReadOnlyList<Picture> pictures, TrainingContext context) =>
        context.Terminal.Progress("extracting features", progress =>
    {
        int most = (int)package.Parameter("maxPatches", new PatchCoreOptions().MaxPatches);
        PatchSample sample = new(pictures.Count, package.Patches, package.Bank.Dimension, most, (int)package.Parameter("seed", 0));
        foreach (LoadedPicture picture in PictureLoader.Stream(pictures, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation))
        {
            sample.Add(picture.Picture.Sha256, package.Embed(picture.Rgb));
            progress.Report((double)sample.Pictures / pictures.Count);
        }
        return sample.Count > 0 ? sample : throw new EdgeException($"None of the {pictures.Count} pictures can be read.");
    });
}
