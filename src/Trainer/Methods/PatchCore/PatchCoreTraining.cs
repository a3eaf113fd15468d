using System.Runtime.InteropServices;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.PatchCore;

/// <summary>From normal pictures to a memory bank (PatchCore, section 3).</summary>
internal static class PatchCoreTraining
{
    private const int BatchPixels = 8 * 256 * 256;   // bounds the memory of the feature maps
    private const int Slice = 4096;                  // embeddings projected at a time

    /// <summary>Embeddings of all pictures (sampled down to <see cref="PatchCoreOptions.MaxPatches"/>).</summary>
    public static PatchSample Embed(Trunk trunk, IReadOnlyList<Picture> pictures, PatchCoreOptions options, TrainingContext context) =>
        context.Terminal.Progress("extracting features", progress =>
    {
        InputSpec input = context.Input;
        using IDisposable inference = no_grad();
        using TrunkNetwork network = new(trunk);
        int dimension = trunk.Layer2.Channels + trunk.Layer3.Channels, patches = trunk.GridsOf(input.Height, input.Width)[^2].Places;
        int offered = pictures.Count * TileInput.PerPicture(input);
        PatchSample sample = new(offered, patches, dimension, options.MaxPatches, options.Seed);
        int batch = Math.Max(1, BatchPixels / (input.Width * input.Height)), done = 0;
        foreach (LoadedPicture[] loaded in Stream(pictures, context).Chunk(batch))
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor layer2, Tensor layer3) = network.Forward(Images(loaded, input));
            ReadOnlySpan<float> embeddings = Values(PatchEmbedding.Of(layer2, layer3).cpu());
            for (int i = 0; i < loaded.Length; i++)
                sample.Add(loaded[i].Picture.Sha256, embeddings.Slice(i * patches * dimension, patches * dimension));
            progress.Report((double)(done += loaded.Length) / offered);
        }
        return done > 0 ? sample : throw new EdgeException($"None of the {pictures.Count} training pictures can be read.");
    });

    /// <summary>The memory bank: a greedy k-center coreset of the embeddings, selected in a random projection, or an even random choice.</summary>
    public static MemoryBank Select(PatchSample sample, PatchCoreOptions options, TrainingContext context) => Select(sample, options, context, out _);

    /// <param name="picks">Indices into the sample.</param>
    public static MemoryBank Select(PatchSample sample, PatchCoreOptions options, TrainingContext context, out int[] picks)
    {
        PrincipalComponents? components = options.Components is null && options.Variance is null ? null
            : PrincipalComponents.Of(sample, options.Components, options.Variance ?? 1, context.Cancellation);
        if (components is not null)
        {
            context.Terminal.Line($"{components.Count} of {sample.Dimension} principal components keep {components.Explained:P2} of the variance");
            sample = sample.Reduced(components);
        }
        int rows = options.BankRows(sample.Count, sample.Dimension);
        picks = options.Sampling == BankSampling.Random ? AtRandom(sample.Count, rows, options.Seed) : Coreset(sample, rows, options, context);
        float[] picked = sample.Pick(picks);
        return components is null ? MemoryBank.Of(picked, sample.Dimension, options.NeighboursKept, context.Cancellation, options.Bank)
            : MemoryBank.Of(picked, components, options.NeighboursKept, options.Bank, context.Cancellation);
    }

    private static int[] Coreset(PatchSample sample, int rows, PatchCoreOptions options, TrainingContext context)
    {
        using PackedRows projected = Project(sample.Rows, sample.Dimension, options.Seed, context.Cancellation);
        int first = new Random(options.Seed).Next(sample.Count);
        return context.Terminal.Progress(
            "selecting coreset", progress => GreedyCoreset.Select(projected, rows, first, options.Threads, f => progress.Report(f), context.Cancellation));
    }

    private static int[] AtRandom(int count, int rows, int seed)
    {
        int[] all = [.. Enumerable.Range(0, count)];
        new Random(seed).Shuffle(all);
        return all[..rows];
    }

    private static IEnumerable<LoadedPicture> Stream(IReadOnlyList<Picture> pictures, TrainingContext context) =>
        PictureLoader.Stream(pictures, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation);

    /// <returns>uint8 [N, H, W, 3].</returns>
    public static Tensor Images(IReadOnlyList<LoadedPicture> pictures, InputSpec input) =>
        stack([.. pictures.Select(p => from_array(p.Rgb).reshape(input.Height, input.Width, 3))]);

    // Gaussian, N(0, 1/128): lengths keep their expectation. Drawn in C#, so that a seed means the same in every torch version.
    internal static PackedRows Project(ReadOnlySpan<float> rows, int dimension, int seed, CancellationToken cancellation)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Random random = new(seed);
        float[] gaussian = new float[dimension * PatchCoreOptions.Projection];
        foreach (ref float value in gaussian.AsSpan())
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));   // Box-Muller
            value = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()) / Math.Sqrt(PatchCoreOptions.Projection));
        }
        Tensor projection = from_array(gaussian).reshape(dimension, PatchCoreOptions.Projection);
        int count = rows.Length / dimension;
        Tensor? shift = null;   // roughly the mean: distances don't notice it, the rounding error of the coreset's filter does
        PackedRows projected = new(count, PatchCoreOptions.Projection);
        try
        {
            for (int at = 0; at < count; at += Slice)
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope inner = NewDisposeScope();
                int slice = Math.Min(Slice, count - at);
                Tensor part = from_array(rows.Slice(at * dimension, slice * dimension).ToArray()).reshape(slice, dimension);
                shift ??= part.mean([0L]).MoveToOuterDisposeScope();
                projected.Write(at, Values((part - shift).matmul(projection)));
            }
            return projected;
        }
        catch
        {
            projected.Dispose();
            throw;
        }
    }

    private static ReadOnlySpan<float> Values(Tensor contiguous) => MemoryMarshal.Cast<byte, float>(contiguous.bytes);
}
