using Edge.Packages;
using Edge.Training.Cli;
using Edge.Training.Evaluation;
using Edge.Training.Methods;
using Edge.Training.Runs;

namespace Edge.Training;

/// <summary>
/// Training, evaluation and calibration for a C# program: the same runs as <c>edge-trainer</c>'s. What a user can put right is an
/// <see cref="EdgeException"/> whose message says so; nothing half-written is left behind. One call at a time in a process.
/// </summary>
public static class Trainer
{
    /// <summary>Trains, chooses the threshold, proves the graph, evaluates where there are test pictures, and publishes a package.</summary>
    /// <param name="method">patchcore, fastflow, …: see <c>edge-trainer train --help</c>.</param>
    /// <param name="methodOptions">Its options as on the command line, without the dashes: <c>["coreset"] = "0.05"</c>; a switch has the value "".</param>
    /// <param name="log">Receives progress and warnings, a line each; null = nobody.</param>
    /// <returns>The verified package; its manifest holds threshold, promise and figures.</returns>
    /// <exception cref="EdgeException">The data, the options or the disk do not allow it.</exception>
    /// <exception cref="OperationCanceledException">Nothing was published.</exception>
    public static Package Train(
        string method, TrainingOptions options, IReadOnlyDictionary<string, string>? methodOptions = null, TextWriter? log = null, CancellationToken cancellation = default)
    {
        IEnumerable<string> arguments = (methodOptions ?? new Dictionary<string, string>()).SelectMany(o => o.Value.Length == 0 ? (string[])[$"--{o.Key}"] : [$"--{o.Key}", o.Value]);
        return Run(method, options, arguments, Log(log), cancellation).Package;
    }

    /// <summary>A package on labelled pictures: what <c>edge-trainer evaluate --json</c> says.</summary>
    /// <param name="data"><c>test/good</c>, <c>test/&lt;defect&gt;</c>, <c>ground_truth/&lt;defect&gt;/&lt;picture&gt;_mask.png</c>.</param>
    /// <param name="threads">Of ONNX Runtime; 0 = all cores.</param>
    /// <exception cref="EdgeException">No test pictures, or a score that is not finite.</exception>
    public static EvaluationDocument Evaluate(Package package, string data, int threads = 0, TextWriter? log = null, CancellationToken cancellation = default) =>
        EvaluationRun.Execute(package, new EvaluationOptions { Data = data, Threads = threads }, Log(log), cancellation).Document;

    /// <summary>Chooses the threshold anew and publishes it as another version with the same graph.</summary>
    /// <param name="data">Labelled pictures, or a plain folder of normal ones the model has not seen.</param>
    /// <param name="threads">Of ONNX Runtime; 0 = all cores.</param>
    /// <param name="setCurrent">The new version becomes the current one: a running agent takes it.</param>
    /// <exception cref="EdgeException">The scores do not allow it; the message says the way out.</exception>
    public static Package Calibrate(
        Package package, string data, CalibrationRequest request, bool setCurrent = true, int threads = 0, TextWriter? log = null, CancellationToken cancellation = default)
    {
        request.Threshold?.Check();
        CalibrationPublisher.StoreOf(package);   // no place for a new version: say so before the work
        CalibrationSource source = CalibrationSource.OfPictures(package, data, threads, strict: false, Log(log), cancellation);
        CalibrationResult result = CalibrationRun.Execute(package, source, request);
        cancellation.ThrowIfCancellationRequested();
        return CalibrationPublisher.Publish(package, result.Calibration, result.Evaluation, source, setCurrent, TimeProvider.System.GetUtcNow());
    }

    /// <param name="arguments">Options of the method as <c>train</c> takes them: --coreset, 0.05, …</param>
    internal static TrainingResult Run(string method, TrainingOptions options, IEnumerable<string> arguments, Terminal terminal, CancellationToken cancellation)
    {
        TorchRuntime.Start(options.Threads);
        using DetectionMethod detection = MethodArguments.Create(method, arguments, options.Threads, options.Seed);
        return new TrainingRun(options, detection, terminal, TimeProvider.System, cancellation).Execute();
    }

    private static Terminal Log(TextWriter? log) => new(log ?? TextWriter.Null, interactive: false, TimeProvider.System);
}
