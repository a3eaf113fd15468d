using System.Diagnostics;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;

namespace Edge.Training.Runs;

/// <summary>What an evaluation is told.</summary>
internal sealed record EvaluationOptions
{
    public required string Data { get; init; }

    /// <summary>Another size than the package's; null = its own. ROI and white level stay the package's.</summary>
    public InputSpec? Size { get; init; }

    /// <summary>0 = all cores.</summary>
    public int Threads { get; init; }

    /// <summary>False positive rate up to which AUPRO is taken, (0, 1].</summary>
    public double AuproLimit { get; init; } = Evaluator.AuproLimit;

    /// <summary>A picture that can't be read is an error.</summary>
    public bool Strict { get; init; }
}

/// <summary>A package on labelled pictures.</summary>
internal static class EvaluationRun
{
    /// <exception cref="EdgeException">The data or the options do not allow it.</exception>
    public static (EvaluationDocument Document, EvaluationResult Result) Execute(Package package, EvaluationOptions options, Terminal terminal, CancellationToken ct)
    {
        if (options.AuproLimit is not (> 0 and <= 1)) throw new EdgeException($"--aupro-limit is {options.AuproLimit}; it must be above 0 and at most 1.");
        Manifest manifest = package.Manifest;
        InputSpec input = Resized(manifest, options.Size, terminal);
        Dataset dataset = Dataset.OpenForTest(options.Data, options.Strict, terminal, ct);
        using AnomalyDetector detector = AnomalyDetector.Load(package.ModelPath, input, new DetectorOptions { Threads = options.Threads });
        long started = Stopwatch.GetTimestamp();
        EvaluationResult result = Evaluator.Run(detector, manifest.Calibration, dataset, input, options.Strict, terminal, ct, options.AuproLimit);
        return (EvaluationDocument.Of(package, dataset, result, Stopwatch.GetElapsedTime(started)), result);
    }

    /// <exception cref="EdgeException">Another size than the package's, and its graph takes no other.</exception>
    private static InputSpec Resized(Manifest manifest, InputSpec? size, Terminal terminal)
    {
        InputSpec input = manifest.Input;
        if (size is null || (size.Width, size.Height) == (input.Width, input.Height)) return input;
        if (input.Tiles is not null) throw new EdgeException($"{manifest.Name} inspects {input.Width}×{input.Height} in tiles and takes no other size; train again with --size {size.Width}x{size.Height}.");
        if (input.FixedSize) throw new EdgeException($"{manifest.Name} is a {manifest.Method} package and takes {input.Width}×{input.Height} only; train again with --size {size.Width}x{size.Height}.");
        terminal.Warn($"the threshold was chosen at {input.Width}×{input.Height}; scores at {size.Width}×{size.Height} are others");
        return input with { Width = size.Width, Height = size.Height };
    }
}
