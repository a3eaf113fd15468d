using System.Diagnostics;
using Edge.Agent.Configuration;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Support;

namespace Edge.Benchmarks;

/// <summary>
/// The agent as its line sees it, PLC to PLC through a broker, everything in this process. With the package of <c>EDGE_PACKAGE</c> (models/&lt;name&gt;): how far the
/// slowest verdicts are from the usual one under a steady load, and how much of the bare sessions' throughput is left. With a model that computes nothing: what the
/// rest costs, in microseconds, and what each of the things costs that can be switched on.
/// </summary>
internal static class LineBenchmark
{
    /// <summary>Of what the bare sessions can do.</summary>
    private const double SteadyLoad = 0.5;

    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(20), Slice = TimeSpan.FromSeconds(3);

    public static void Run(string packageFolder) => RunAsync(packageFolder).GetAwaiter().GetResult();

    private static async Task RunAsync(string packageFolder)
    {
        string folder = Directory.CreateTempSubdirectory("edge-benchmark-").FullName;
        try
        {
            await Load(PackageStore.OpenAny(packageFolder), folder).ConfigureAwait(false);
            await Overheads(folder).ConfigureAwait(false);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task Load(Package package, string folder)
    {
        string picture = Path.Combine(folder, "part.bmp"), models = Path.GetFullPath(Path.Combine(package.Folder, "..", ".."));
        ImageBuffer golden = new();
        ImageFile.Read(package.GoldenPath(package.Golden.Images[0]), golden);
        File.WriteAllBytes(picture, ImageFile.Encode(".bmp", golden.Pixels, golden.Width, golden.Height, golden.Format));
        foreach (int stations in (int[])[1, 4, 8])
        {
            int workers = Math.Min(stations, Environment.ProcessorCount);
            await using BenchmarkedLine line = await BenchmarkedLine.StartAsync(models, package.Manifest.Name, picture, stations).ConfigureAwait(false);
            Bare(package, workers, Slice);
            Saturated(line, Slice);
            double[] ratios = new double[5], bare = new double[ratios.Length];
            for (int i = 0; i < ratios.Length; i++)
            {
                bare[i] = Bare(package, workers, Slice);
                ratios[i] = Saturated(line, Slice) / bare[i];
            }
            Array.Sort(ratios);
            Array.Sort(bare);
            double perSecond = SteadyLoad * bare[bare.Length / 2];
            double[] latencies = [.. Paced(line, perSecond).Where(p => p.Inspected).Select(p => Stopwatch.GetElapsedTime(p.Sent, p.Decided).TotalMilliseconds).Order()];
            Console.WriteLine($"line, {package.Manifest.Backbone.Name}, {stations} station(s): throughput / bare session on {workers} thread(s) = {ratios[ratios.Length / 2]:F3} ({ratios[0]:F3}–{ratios[^1]:F3}, {ratios.Length} pairs; bare {bare[bare.Length / 2]:F1}/s); "
                + $"steady {perSecond:F1} triggers/s: verdict at the PLC after {At(latencies, 0.5):F2} ms (median), {At(latencies, 0.99):F2} ms (99 %), ratio {At(latencies, 0.99) / At(latencies, 0.5):F2}, {latencies.Length} parts");
        }
    }

    /// <summary>Pictures a second of the session alone, on so many threads.</summary>
    private static double Bare(Package package, int threads, TimeSpan duration)
    {
        long runs = 0, start = Stopwatch.GetTimestamp();
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = 1, Shared = true });   // the line's own session
            for (; Stopwatch.GetElapsedTime(start) < duration; Interlocked.Increment(ref runs)) detector.Run();
        });
        return runs / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Verdicts a second when each station has always three parts under way.</summary>
    private static double Saturated(BenchmarkedLine line, TimeSpan duration)
    {
        long verdicts = 0, start = Stopwatch.GetTimestamp();
        Task[] lanes = [.. Enumerable.Range(0, 3 * line.Stations).Select(async lane =>
        {
            while (Stopwatch.GetElapsedTime(start) < duration)
            {
                BenchmarkedPart part = line.Trigger(lane % line.Stations);
                await part.Done.Task.ConfigureAwait(false);
                if (part.Inspected) Interlocked.Increment(ref verdicts);
            }
        })];
        Task.WaitAll(lanes);
        return verdicts / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static List<BenchmarkedPart> Paced(BenchmarkedLine line, double perSecond)
    {
        List<BenchmarkedPart> parts = [];
        long start = Stopwatch.GetTimestamp();
        for (TimeSpan at = default; at < Steady; at = TimeSpan.FromSeconds(parts.Count / perSecond))
        {
            if (at - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left) Thread.Sleep(left);
            parts.Add(line.Trigger(parts.Count % line.Stations));
        }
        Task.WaitAll([.. parts.Select(p => p.Done.Task)]);
        return parts;
    }

    private static async Task Overheads(string folder)
    {
        const int parts = 300;
        string models = Path.Combine(folder, "models"), picture = Path.Combine(folder, "null.bmp"), golden = Directory.CreateDirectory(Path.Combine(folder, "golden")).FullName;
        TestModels.Publish(models, TinyGraph.Write());
        File.WriteAllBytes(picture, ImageFile.Encode(".bmp", Pictures.Rgb(64, 40), 64, 64, PixelFormat.Rgb24));
        for (int i = 0; i < 8; i++) File.Copy(picture, Path.Combine(golden, $"{i}.bmp"));
        Task<BenchmarkedLine> Start(Action<AgentOptions, string>? configure = null) => BenchmarkedLine.StartAsync(models, TestModels.Name, picture, 1, configure);

        await using BenchmarkedLine plain = await Start().ConfigureAwait(false);
        plain.InTurn(parts);
        List<BenchmarkedPart> done = plain.InTurn(10 * parts);
        double[] acquired = [.. done.Where(p => p.Acquired > 0).Select(p => Stopwatch.GetElapsedTime(p.Sent, p.Acquired).TotalMicroseconds - p.Acquire).Order()], decided = [.. done.Select(p => p.AfterCapture).Order()];
        Console.WriteLine($"line, no inference: trigger to acquired at the PLC {At(acquired, 0.5):F0} µs (99 % {At(acquired, 0.99):F0}), without the camera's time; captured to verdict at the PLC {At(decided, 0.5):F0} µs (99 % {At(decided, 0.99):F0}), without the model's; {done.Count} parts in turn");
        (string Name, Action<AgentOptions, string> On)[] costs =
        [
            ("journal", (o, _) => o.Journal.Enabled = true),
            ("journal and records", (o, _) => (o.Journal.Enabled, o.Records.Enabled, o.Records.WaitForSubscriber, o.Records.MaxPerSecond) = (true, true, false, 10_000)),
            ("archive of every part", (o, f) => (o.Archive.Enabled, o.Archive.Path, o.Archive.AcceptedShare, o.Archive.MinFreeMegabytes) = (true, Path.Combine(f, "archive"), 1, 0)),
            ("camera health", (o, _) => o.Stations["s0"].Health.GoldenFrames = golden),
        ];
        foreach ((string name, Action<AgentOptions, string> on) in costs)
        {
            await using BenchmarkedLine with = await Start(on).ConfigureAwait(false);
            with.InTurn(parts);
            Ratio ratio = Paired.Measure(() => with.InTurn(parts), () => plain.InTurn(parts), pairs: 15, warmUp: 1);
            (double cpuWith, double bytesWith) = Resources(with, parts);
            (double cpu, double bytes) = Resources(plain, parts);
            Console.WriteLine($"line, no inference, {name}: time for {parts} parts in turn / without it = {ratio}; processor {cpuWith:F0} µs a part, without it {cpu:F0}; allocated {bytesWith / 1024:F1} KiB a part, without it {bytes / 1024:F1} (agent, broker and PLC together)");
        }
    }

    /// <summary>Of the whole process, for one part: processor time, µs, and bytes allocated.</summary>
    private static (double Cpu, double Bytes) Resources(BenchmarkedLine line, int parts)
    {
        using Process process = Process.GetCurrentProcess();
        (TimeSpan cpu, long bytes) = (process.TotalProcessorTime, GC.GetTotalAllocatedBytes(precise: true));
        line.InTurn(3 * parts);
        process.Refresh();
        return ((process.TotalProcessorTime - cpu).TotalMicroseconds / (3 * parts), (GC.GetTotalAllocatedBytes(precise: true) - bytes) / (3.0 * parts));
    }

    private static double At(double[] sorted, double quantile) => sorted[(int)(quantile * (sorted.Length - 1))];
}
