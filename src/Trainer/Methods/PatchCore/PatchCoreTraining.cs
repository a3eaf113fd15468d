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
        PatchSample sample = new(pictures.Count, patches, dimension, options.MaxPatches, options.Seed);
        int batch = Math.Max(1, BatchPixels / (input.Width * input.Height)), done = 0;
        foreach (LoadedPicture[] loaded in Stream(pictures, context).Chunk(batch))
        {
            using DisposeScope scope = NewDisposeScope();
            (Tensor layer2, Tensor layer3) = network.Forward(Images(loaded, input));
            ReadOnlySpan<float> embeddings = Values(PatchEmbedding.Of(layer2, layer3).cpu());
            for (int i = 0; i < loaded.Length; i++)
                sample.Add(loaded[i].Picture.Sha256, embeddings.Slice(i * patches * dimension, patches * dimension));
            progress.Report((double)(done += loaded.Length) / pictures.Count);
        }
        return done > 0 ? sample : throw new EdgeException($"None of the {pictures.Count} training pictures can be read.");
    });

    /// <summary>Greedy k-center coreset of the embeddings, selected in a random projection.</summary>
    public static MemoryBank Select(PatchSample sample, PatchCoreOptions options, TrainingContext context)
    {
        CancellationToken cancellation = context.Cancellation;
        using PackedRows projected = Project(sample, options.Seed, cancellation);
        int rows = options.BankRows(sample.Count, sample.Dimension), first = new Random(options.Seed).Next(sample.Count);
        int[] picks = context.Terminal.Progress(
            "selecting coreset", progress => GreedyCoreset.Select(projected, rows, first, options.Threads, f => progress.Report(f), cancellation));
        return MemoryBank.Of(sample.Pick(picks), sample.Dimension, cancellation);
    }

    private static IEnumerable<LoadedPicture> Stream(IReadOnlyList<Picture> pictures, TrainingContext context) =>
        PictureLoader.Stream(pictures, context.Input, context.Strict, context.Skipped, context.Terminal, context.Cancellation);

    /// <returns>uint8 [N, H, W, 3].</returns>
    public static Tensor Images(IReadOnlyList<LoadedPicture> pictures, InputSpec input) =>
        stack([.. pictures.Select(p => from_array(p.Rgb).reshape(input.Height, input.Width, 3))]);

    // Gaussian, N(0, 1/128): lengths keep their expectation. Drawn in C#, so that a seed means the same in every torch version.
    internal static PackedRows Project(PatchSample sample, int seed, CancellationToken cancellation)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Random random = new(seed);
        float[] gaussian = new float[sample.Dimension * PatchCoreOptions.Projection];
        foreach (ref float value in gaussian.AsSpan())
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));   // Box-Muller
            value = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble()) / Math.Sqrt(PatchCoreOptions.Projection));
        }
        Tensor projection = from_array(gaussian).reshape(sample.Dimension, PatchCoreOptions.Projection);
        Tensor? shift = null;   // roughly the mean: distances don't notice it, the rounding error of the coreset's filter does
        PackedRows projected = new(sample.Count, PatchCoreOptions.Projection);
        try
        {
            for (int at = 0; at < sample.Count; at += Slice)
            {
                cancellation.ThrowIfCancellationRequested();
                using DisposeScope inner = NewDisposeScope();
                int count = Math.Min(Slice, sample.Count - at);
                Tensor rows = from_array(sample.Rows.Slice(at * sample.Dimension, count * sample.Dimension).ToArray()).reshape(count, sample.Dimension);
                shift ??= rows.mean([0L]).MoveToOuterDisposeScope();
                projected.Write(at, Values((rows - shift).matmul(projection)));
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
