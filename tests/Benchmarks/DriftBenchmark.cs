using Edge.Agent.Configuration;
using Edge.Agent.Drift;
using Edge.Agent.Inspection;
using Edge.Agent.Models;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Microsoft.Extensions.Logging.Abstractions;

namespace Edge.Benchmarks;

/// <summary>What watching for drift costs beside an inference; and, with EDGE_PICTURES (a folder of normal pictures that the model has not seen), after how many parts a change of real pictures is found, and what it is called.</summary>
internal static class DriftBenchmark
{
    private const int Runs = 101, Usual = 2000, Most = 20_000;

    public static void Run(string packageFolder)
    {
        Package package = PackageStore.OpenAny(packageFolder);
        using LoadedModel model = new(package, Recipe.None, AnomalyDetector.Load(package), TimeProvider.System.GetUtcNow());
        AnomalyDetector detector = model.Detector;
        new Random(1).NextBytes(detector.Input);
        float score = detector.Run();
        StationDrift drift = new(new DriftOptions(), new StateFile(Path.GetTempPath(), "unused.drift"), TimeProvider.System, NullLogger.Instance);
        float usual = (float)package.Manifest.Calibration.Normals.Mean;
        Ratio cost = Paired.Measure(() => drift.Observe(model, Verdict.Accept, usual), () => score += detector.Run(), warmUp: 20);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) drift.Observe(model, Verdict.Accept, usual);
        Console.WriteLine($"drift, a part: {cost.A * 1000:F0} µs and {(GC.GetAllocatedBytesForCurrentThread() - before) / 1000.0:F0} bytes; / inference = {cost}");
        if (Environment.GetEnvironmentVariable("EDGE_PICTURES") is { } pictures) OnPictures(package, detector, pictures);
    }

    private static void OnPictures(Package package, AnomalyDetector detector, string folder)
    {
        (string Name, Action<byte[], int, int> Apply)[] changes =
        [
            ("none", (_, _, _) => { }),
            ("light -3 %", (p, _, _) => Scale(p, 0.97)), ("light -10 %", (p, _, _) => Scale(p, 0.9)), ("light +10 %", (p, _, _) => Scale(p, 1.1)),
            ("blur 3 x 3", (p, w, h) => Blur(p, w, h)), ("noise of 4 levels", (p, _, _) => Noise(p, 4)), ("mirrored (another product)", (p, w, h) => Mirror(p, w, h)), ("upside down (another product)", (p, w, h) => p.AsSpan().Reverse()),
        ];
        Preprocessor preprocessor = new(package.Manifest.Input);
        ImageBuffer frame = new();
        string[] files = [.. Directory.EnumerateFiles(folder).Where(ImageFile.HasImageExtension).Order(StringComparer.Ordinal)];
        (float Score, PictureQuality Quality)[][] seen = [.. changes.Select(_ => new (float, PictureQuality)[files.Length])];
        byte[] rgb = new byte[detector.Input.Length];
        float[] luma = new float[detector.Width * detector.Height];
        for (int i = 0; i < files.Length; i++)
        {
            ImageFile.Read(files[i], frame);
            for (int c = 0; c < changes.Length; c++)
            {
                preprocessor.Apply(frame, rgb);
                changes[c].Apply(rgb, detector.Width, detector.Height);
                rgb.CopyTo(detector.Input);
                seen[c][i] = (detector.Run(), PictureQuality.Of(rgb, detector.Width, detector.Height, luma));
            }
        }
        Calibration calibration = package.Manifest.Calibration;
        Console.WriteLine($"{files.Length} pictures, {calibration.Normals.Count} calibration scores; {Runs} runs of {Usual} usual parts (drawn with replacement), then the change, at most {Most} parts");
        for (int c = 0; c < changes.Length; c++)
        {
            List<int> parts = [];
            int early = 0, camera = 0;
            for (int run = 0; run < Runs; run++)
            {
                Random random = new(run);
                DriftMonitor monitor = new(package.Manifest, new DriftOptions().FalseAlarmParts);
                for (int i = 0; i < Usual; i++) See(seen[0]);
                if (monitor.Cause != DriftCause.None)
                {
                    early++;
                    continue;
                }
                int n = 0;
                while (n < Most && monitor.Cause == DriftCause.None)
                {
                    n++;
                    See(seen[c]);
                }
                parts.Add(n);
                if (monitor.Cause == DriftCause.Camera) camera++;

                void See((float Score, PictureQuality Quality)[] from)
                {
                    (float score, PictureQuality quality) = from[random.Next(from.Length)];
                    monitor.Observe(calibration.Decide(score), score, quality, DateTimeOffset.UnixEpoch);
                }
            }
            parts.Sort();
            int found = parts.Count(p => p < Most);
            double accepted = seen[c].Count(s => calibration.Decide(s.Score) == Verdict.Accept) / (double)files.Length;
            Console.WriteLine($"{changes[c].Name}: {accepted:P0} accepted; flagged before it {early} of {Runs}; found {found} of {parts.Count}, after {(parts.Count == 0 ? 0 : parts[parts.Count / 2])} parts (median), {(parts.Count == 0 ? 0 : parts[parts.Count * 9 / 10])} (90 %); called camera {camera}");
        }
    }

    private static void Scale(byte[] pixels, double gain)
    {
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)Math.Min(255, Math.Round(pixels[i] * gain));
    }

    private static void Noise(byte[] pixels, double sigma)
    {
        Random random = new(pixels[0] + pixels[pixels.Length / 2] * 256);
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)Math.Clamp(pixels[i] + sigma * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()), 0, 255);
    }

    private static void Blur(byte[] pixels, int width, int height)
    {
        byte[] from = [.. pixels];
        for (int y = 1; y < height - 1; y++)
            for (int x = 1; x < width - 1; x++)
                for (int c = 0; c < 3; c++)
                {
                    int sum = 0;
                    for (int dy = -1; dy <= 1; dy++)
                        for (int dx = -1; dx <= 1; dx++) sum += from[((y + dy) * width + x + dx) * 3 + c];
                    pixels[(y * width + x) * 3 + c] = (byte)(sum / 9);
                }
    }

    private static void Mirror(byte[] pixels, int width, int height)
    {
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width / 2; x++)
                for (int c = 0; c < 3; c++)
                {
                    int a = (y * width + x) * 3 + c, b = (y * width + width - 1 - x) * 3 + c;
                    (pixels[a], pixels[b]) = (pixels[b], pixels[a]);
                }
    }
}
