using System.Diagnostics;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Service.Configuration;

namespace Edge.Training.Service.Gates;

/// <summary>Measures a candidate, and beside it the model that runs on the same pictures, and says what each gate thinks of it.</summary>
/// <param name="threads">Of ONNX Runtime; 0 = all cores.</param>
internal sealed class GateKeeper(ProductOptions product, int threads, Terminal terminal, CancellationToken cancel)
{
    private const int WarmUps = 3, Rounds = 15;

    private readonly GateOptions limits = product.Gates;

    /// <param name="running">Null when none runs yet.</param>
    /// <param name="data">The run's; its <c>test</c> is the hold-out.</param>
    /// <exception cref="EdgeException">A package can't be loaded, or a score is not finite.</exception>
    public IReadOnlyList<Gate> Measure(Package candidate, Package? running, string data)
    {
        using AnomalyDetector detector = Load(candidate);
        using AnomalyDetector? other = running is null ? null : Load(running);
        detector.CheckGolden(candidate);   // in another process than the one that wrote them
        (EvaluationResult? mine, EvaluationResult? theirs) = Evaluate(candidate, detector, running, other, data);
        ParityInfo parity = candidate.Manifest.Parity;
        return
        [
            Gate.AtMost("parity", Math.Max(parity.MaxRelativeScore, parity.MaxRelativeMap), limits.MaxParityDifference, $"ONNX Runtime against TorchSharp on {parity.Images} pictures, largest relative difference of score and map"),
            Auroc(mine, theirs),
            Misses(mine, theirs),
            FalseRejects(candidate, detector, mine),
            .. Latency(detector, other),
            Size(candidate),
        ];
    }

    private AnomalyDetector Load(Package package) => AnomalyDetector.Load(package, new DetectorOptions { Threads = threads });

    private (EvaluationResult? Candidate, EvaluationResult? Running) Evaluate(Package candidate, AnomalyDetector detector, Package? running, AnomalyDetector? other, string data)
    {
        if (!Directory.Exists(Path.Combine(data, "test"))) return (null, null);
        Dataset holdOut = Dataset.OpenForTest(data, strict: false, terminal, cancel);
        return (Run(candidate, detector), running is null ? null : Run(running, other!));

        EvaluationResult Run(Package package, AnomalyDetector model) => Evaluator.Run(model, package.Manifest.Calibration, holdOut, package.Manifest.Input, strict: false, terminal, cancel);
    }

    private Gate Auroc(EvaluationResult? mine, EvaluationResult? theirs)
    {
        if (mine?.Summary.ImageAuroc is not { } auroc) return Gate.Unmeasured("auroc", "the hold-out has no anomalous or no normal pictures yet");
        string pictures = $"image AUROC on {mine.Summary.Normal} normal and {mine.Summary.Anomalous} anomalous hold-out pictures";
        if (theirs?.Summary.ImageAuroc is not { } running) return new Gate("auroc", true, auroc, null, $"{pictures}; no model runs that it could be compared with");
        return new Gate("auroc", auroc >= running - limits.MaxAurocLoss, auroc, running - limits.MaxAurocLoss, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{pictures}; the running model's is {running:0.0000}"));
    }

    private Gate Misses(EvaluationResult? mine, EvaluationResult? theirs)
    {
        if (mine is not { Summary.Anomalous: > 0 }) return Gate.Unmeasured("misses", "the hold-out has no anomalous pictures yet");
        double rate = (double)mine.Misses / mine.Summary.Anomalous;
        string pictures = $"{mine.Misses} of {mine.Summary.Anomalous} anomalous hold-out pictures are not rejected";
        if (theirs is not { Summary.Anomalous: > 0 }) return new Gate("misses", true, rate, null, $"{pictures}; no model runs that it could be compared with");
        return Gate.AtMost("misses", rate, (double)theirs.Misses / theirs.Summary.Anomalous + limits.MaxMissIncrease, $"{pictures}; the running model misses {theirs.Misses}");
    }

    private Gate FalseRejects(Package candidate, AnomalyDetector detector, EvaluationResult? mine)
    {
        Manifest manifest = candidate.Manifest;
        IReadOnlyList<Picture> last = product.Archive is { } archive ? LastNormals.Of(archive, product, limits.LastNormals) : [];
        int rejected = 0, all = 0;
        foreach (LoadedPicture picture in PictureLoader.Stream(last, manifest.Input, strict: false, new List<SkippedPicture>(), terminal, cancel))
        {
            picture.Rgb.CopyTo(detector.Input);
            if (manifest.Calibration.Decide(detector.Run()) == Verdict.Reject) rejected++;
            all++;
        }
        string of = "the newest accepted parts of the archive";
        if (all == 0 && mine is { Summary.Normal: > 0 }) (rejected, all, of) = (mine.FalseRejects, mine.Summary.Normal, "the hold-out's normal pictures");
        return all == 0 ? Gate.Unmeasured("falseRejects", "there are no pictures of accepted parts in the archive and no normal ones in the hold-out")
            : Gate.AtMost("falseRejects", (double)rejected / all, limits.MaxFalseRejectRate, $"{rejected} of {all}, {of}, are rejected");
    }

    /// <summary>Medians of runs in turns: what else the machine does slows both alike.</summary>
    private IEnumerable<Gate> Latency(AnomalyDetector detector, AnomalyDetector? other)
    {
        List<double> mine = [], theirs = [];
        for (int i = -WarmUps; i < Rounds; i++)
        {
            cancel.ThrowIfCancellationRequested();
            (double a, double? b) = (Time(detector), other is null ? null : Time(other));
            if (i < 0) continue;
            mine.Add(a);
            if (b is { } value) theirs.Add(value);
        }
        if (limits.MaxLatencyRatio is { } ratio)
        {
            yield return theirs.Count == 0 ? Gate.Unmeasured("latency", "no model runs that its time could be compared with")
                : Gate.AtMost("latency", Median(mine) / Median(theirs), ratio, "inference time over the running model's, on this machine");
        }
        if (limits.MaxLatencyMs is { } milliseconds) yield return Gate.AtMost("latencyMs", Median(mine), milliseconds, "median inference time on this machine, milliseconds");
    }

    private static double Time(AnomalyDetector detector)
    {
        long started = Stopwatch.GetTimestamp();
        detector.Run();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    private Gate Size(Package candidate)
    {
        long bytes = Directory.EnumerateFiles(candidate.Folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        return Gate.AtMost("size", bytes / 1e6, limits.MaxMegabytes, "size of the package, 10^6 bytes");
    }
}
