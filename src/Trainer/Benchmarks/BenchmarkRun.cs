using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Runs;

namespace Edge.Training.Benchmarks;

/// <summary>What is to be measured.</summary>
/// <param name="Data">Folder of the data set.</param>
/// <param name="Run">Method and its options; $NAME stands for a variable of the environment, so that no machine's paths get into results.</param>
internal sealed partial record BenchmarkCase(string Data, string Run, int Seed, InputSpec Input)
{
    public string Dataset => Path.GetFileName(Path.TrimEndingDirectorySeparator(Data));
    public string Size => $"{Input.Width}×{Input.Height}";
    public (string, string, int, string) Key => (Dataset, Run, Seed, Size);

    /// <summary>The method's name, then its options.</summary>
    /// <exception cref="EdgeException">A variable is not set, or nothing is said.</exception>
    public string[] Words()
    {
        string run = Variable().Replace(Run, m => Environment.GetEnvironmentVariable(m.Groups[1].Value)
            ?? throw new EdgeException($"--run '{Run}': the variable {m.Value} is not set."));
        string[] words = [.. CommandLineParser.SplitCommandLine(run)];
        return words.Length > 0 ? words : throw new EdgeException("--run is empty; name a method.");
    }

    [GeneratedRegex(@"\$([A-Za-z_][A-Za-z0-9_]*)")]
    private static partial Regex Variable();
}

/// <summary>Trains on all normal pictures, as published comparisons do, and measures what came of it.</summary>
internal static class BenchmarkRun
{
    private const int Repeats = 8;

    /// <param name="models">Where the package goes.</param>
    /// <exception cref="EdgeException">The training fails.</exception>
    public static BenchmarkRow Execute(BenchmarkCase what, string models, int threads, Terminal terminal, CancellationToken ct)
    {
        string[] words = what.Words();
        TrainingOptions options = new()
        {
            Data = what.Data,
            Name = Path.GetFileName(Path.TrimEndingDirectorySeparator(models)),
            Models = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(models))!,
            Input = what.Input,
            CalibrateOn = Path.Combine(what.Data, "test", Picture.NormalLabel),
            Seed = what.Seed,
            Threads = threads,
        };
        OtherLoad others = new();
        TrainingResult result = Trainer.Run(words[0], options, words[1..], terminal, ct);
        Manifest m = result.Package.Manifest;
        return new BenchmarkRow
        {
            Dataset = what.Dataset,
            Run = what.Run,
            Seed = what.Seed,
            Size = what.Size,
            Method = m.Method,
            Backbone = m.Backbone.Name,
            Trained = m.Dataset.Training,
            TestNormal = m.Evaluation?.Normal ?? 0,
            TestAnomalous = m.Evaluation?.Anomalous ?? 0,
            ImageAuroc = m.Evaluation?.ImageAuroc,
            PixelAuroc = m.Evaluation?.PixelAuroc,
            Aupro = m.Evaluation?.Aupro,
            TrainingSeconds = Math.Round(result.Fit.TotalSeconds, 1),
            TrainingProcessorSeconds = Math.Round(result.FitProcessor.TotalSeconds, 1),
            OtherCores = others.Cores,
            InferenceMilliseconds = Math.Round(Inference(result.Package, threads, ct), 1),
            Threads = threads > 0 ? threads : Environment.ProcessorCount,
            PackageBytes = m.Files.Keys.Sum(f => new FileInfo(Path.Combine(result.Package.Folder, f)).Length),
            Processor = Processor(),
            GitCommit = m.GitCommit,
            CreatedAt = m.CreatedAt,
        };
    }

    /// <summary>Median of the golden images, milliseconds each; the first round is not counted.</summary>
    private static double Inference(Package package, int threads, CancellationToken ct)
    {
        using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions { Threads = threads });
        List<double> times = [];
        ImageBuffer picture = new();
        Preprocessor identity = new(new InputSpec { Width = detector.Width, Height = detector.Height });
        for (int round = 0; round <= Repeats; round++)
            foreach (GoldenImage golden in package.Golden.Images)
            {
                ct.ThrowIfCancellationRequested();
                ImageFile.Read(package.GoldenPath(golden), picture);
                identity.Apply(picture, detector.Input);
                long started = Stopwatch.GetTimestamp();
                detector.Run();
                if (round > 0) times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        times.Sort();
        return times[times.Count / 2];
    }

    private static string Processor()
    {
        const string Information = "/proc/cpuinfo";
        string? name = !File.Exists(Information) ? null : File.ReadLines(Information).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
        return $"{name ?? "unknown"}, {Environment.ProcessorCount} cores";
    }
}
