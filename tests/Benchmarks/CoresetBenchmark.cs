using System.Diagnostics;
using Edge.Imaging;
using Edge.Training;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods;
using Edge.Training.Methods.PatchCore;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Benchmarks;

/// <summary>
/// Coreset of 150 pictures at 256 px, 5 % (153,600 patches → 7,680) against the matrix product it contains, rows × 128 × picks,
/// by libtorch. Patches are those of <c>EDGE_BENCHMARK_DATA</c> (a data set's folder) with the embedded trunk; without it they are
/// random, which is the harder case: nothing can be ruled out early.
/// </summary>
internal static class CoresetBenchmark
{
    private const int Pictures = 150, Size = 256, Patches = Size / 8 * (Size / 8), Dimension = PatchCoreOptions.Projection;
    private const double Ratio = 0.05;

    public static void Run()
    {
        TorchRuntime.Start(threads: 0);
        using IDisposable inference = no_grad();
        foreach (string? data in (string?[])[null, Environment.GetEnvironmentVariable("EDGE_BENCHMARK_DATA")])
        {
            if (data is null && Environment.GetEnvironmentVariable("EDGE_BENCHMARK_DATA") is null) Console.WriteLine("coreset: EDGE_BENCHMARK_DATA is not set, random patches only");
            using PackedRows rows = data is null ? Random() : Real(data);
            int picks = (int)(rows.Count * Ratio);
            long before = Process.GetCurrentProcess().WorkingSet64;
            using Tensor left = randn(rows.Count, Dimension), right = randn(Dimension, picks);
            int selected = 0;
            Ratio ratio = Paired.Measure(
                () => selected = GreedyCoreset.Select(rows, picks, 0, 0, null, CancellationToken.None).Length,
                () => Multiply(left, right), pairs: 5, warmUp: 1);
            Console.WriteLine($"coreset {rows.Count} × {Dimension} → {selected} ({(data is null ? "random" : Path.GetFileName(Path.TrimEndingDirectorySeparator(data)))}), {Environment.ProcessorCount} threads: selection / matrix product = {ratio}");
            Console.WriteLine($"  held: rows {rows.Count * (long)Dimension * 4 >> 20} MiB, selection's own {rows.Count * 12L >> 20} MiB and at most 9 MiB of lists and batches");
        }
        Console.WriteLine($"  process peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
    }

    // In slices, so that the result (4.7 GB as a whole) stays small; the arithmetic is the same.
    private static void Multiply(Tensor left, Tensor right)
    {
        for (long at = 0; at < left.shape[0]; at += 512)
        {
            using DisposeScope scope = NewDisposeScope();
            left.narrow(0, at, Math.Min(512, left.shape[0] - at)).matmul(right);
        }
    }

    private static PackedRows Random()
    {
        System.Random random = new(1);
        PackedRows rows = new(Pictures * Patches, Dimension);
        float[] row = new float[Dimension];
        for (int i = 0; i < rows.Count; i++)
        {
            foreach (ref float value in row.AsSpan()) value = random.NextSingle() + random.NextSingle() - random.NextSingle() - random.NextSingle();
            rows.Write(i, row);
        }
        return rows;
    }

    private static PackedRows Real(string folder)
    {
        Terminal terminal = new(json: true);
        Dataset dataset = Dataset.Open(folder, strict: false, terminal, CancellationToken.None);
        TrainingContext context = new(new InputSpec { Width = Size, Height = Size }, false, [], terminal, CancellationToken.None);
        PatchCoreOptions options = new() { MaxPatches = Pictures * Patches };
        PatchSample sample = PatchCoreTraining.Embed(Backbone.Load(null).Trunk, [.. dataset.Train.Take(Pictures)], options, context);
        return PatchCoreTraining.Project(sample.Rows, sample.Dimension, options.Seed, CancellationToken.None);
    }
}
