using System.Diagnostics;
using Edge.Training.Evaluation;
using OpenCvSharp;

namespace Edge.Benchmarks;

/// <summary>
/// Pixel AUROC, AUPRO and AUPIMO over 2,000 maps of 256 × 256, streamed, against sorting as many floats, which is the least an
/// exact computation would begin with. A pool of maps goes round, so that making them is not measured; the sort gets a fresh
/// copy of the same values each time, and the copying is counted (some 2 % of it).
/// </summary>
internal static class PixelMetricsBenchmark
{
    private const int Maps = 2000, Side = 256, Pool = 400;

    public static void Run()
    {
        Random random = new(1);
        float[][] maps = new float[Pool][];
        Mat?[] labels = new Mat?[Pool];
        for (int p = 0; p < Pool; p++)
        {
            // Half of them anomalous: two regions, brighter than a smooth noisy ground.
            int[] regions = new int[Side * Side];
            if (p % 2 == 1) for (int i = 0; i < regions.Length; i++) regions[i] = Region(i % Side, i / Side, 40 + p % 150);
            maps[p] = [.. regions.Select(r => 2 + random.NextSingle() + random.NextSingle() + (r > 0 ? random.NextSingle() * 2 : 0))];
            if (p % 2 == 1) labels[p] = Mat.FromPixelData(Side, Side, MatType.CV_32SC1, regions).Clone();
        }
        float[] all = new float[Maps * Side * Side];
        PixelMetrics? last = null;
        long before = GC.GetTotalMemory(forceFullCollection: true), held = 0;
        Ratio ratio = Paired.Measure(
            () =>
            {
                last = Stream(maps, labels);
                _ = (last.Auroc(), last.Aupro(), last.Aupimo());
            },
            () =>
            {
                for (int m = 0; m < Maps; m++) maps[m % Pool].CopyTo(all, m * Side * Side);
                Array.Sort(all);
            },
            pairs: 3, warmUp: 1);
        held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Console.WriteLine($"pixels {Maps} × {Side} × {Side}: AUROC + AUPRO + AUPIMO / sort of {all.Length / 1e6:0.0} M floats = {ratio}");
        Console.WriteLine($"  AUROC {last!.Auroc():F4}, AUPRO {last.Aupro():F4}, AUPIMO {last.Aupimo().Mean:F4}; held {held / 1048576.0:0.0} MiB, the maps would be {all.Length * 4L >> 20} MiB; process peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, the sort's array included");
        foreach (Mat? label in labels) label?.Dispose();
    }

    private static PixelMetrics Stream(float[][] maps, Mat?[] labels)
    {
        PixelMetrics metrics = new();
        for (int m = 0; m < Maps / 2; m++) metrics.AddNormal(maps[2 * m % Pool], "normal");
        for (int m = 0; m < Maps / 2; m++) metrics.AddAnomalous(maps[(2 * m + 1) % Pool], labels[(2 * m + 1) % Pool]!, 2, "anomalous");
        return metrics;
    }

    private static int Region(int x, int y, int at) => Math.Abs(x - at) + Math.Abs(y - at) < 20 ? 1 : Math.Abs(x - 200) + Math.Abs(y - 60) < 9 ? 2 : 0;
}
