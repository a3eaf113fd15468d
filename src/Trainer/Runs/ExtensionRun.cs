using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Methods;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Reports;
using Edge.Training.Thresholds;

namespace Edge.Training.Runs;

/// <summary>From a PatchCore package and more normal pictures to its next version. The package suffices: nothing is trained again.</summary>
internal sealed class ExtensionRun(Package package, ExtensionOptions options, Terminal terminal, TimeProvider time, CancellationToken cancellation)
{
    private const double Tolerance = 1e-4;   // as PatchCore's in training
    private readonly List<SkippedPicture> skipped = [];
    private readonly Manifest old = package.Manifest;

    /// <exception cref="EdgeException">The package, the data or the disk do not allow it; nothing is left behind.</exception>
    public TrainingResult Execute()
    {
        long started = time.GetTimestamp();
        if (old.Input.Tiles is not null) throw new EdgeException($"{old.Name} inspects in tiles, which extend does not do yet: train again with the old and the new pictures.");
        using PackageDraft draft = CalibrationPublisher.StoreOf(package).Begin(old.Name);
        if (old.Method != "patchcore") throw new EdgeException($"{old.Name} version {old.Version} is a {old.Method} model: only PatchCore has a memory bank to extend.");
        using PackagedPatchCore source = new(package, options.Threads);
        using (AnomalyDetector before = AnomalyDetector.Load(package, new DetectorOptions { Threads = options.Threads })) before.CheckGolden(package);
        Dataset dataset = Dataset.Open(options.Data, options.Strict, terminal, cancellation);
        if (old.Dataset.Digest == dataset.Digest) throw new EdgeException($"{dataset.Folder} holds the very pictures that {old.Name} version {old.Version} was trained on: nothing would be new, and none could be held out.");
        Split split = SplitOf(dataset);
        terminal.Line($"{dataset.Folder}: {split.Training.Count} normal pictures to add, {split.Calibration.Count} for the threshold, {dataset.Test.Count} to test on");

        TrainingContext context = new(old.Input, options.Strict, skipped, terminal, cancellation);
        long memory = options.MemoryBytes ?? (long)source.Parameter("memoryBytes", PatchCoreOptions.UsualMemory);
        (long fitting, TimeSpan processor) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        MemoryBank bank = BankExtension.Extend(source, split.Training, memory, options.Threads, context);
        (TimeSpan fit, TimeSpan fitProcessor) = (time.GetElapsedTime(fitting), Environment.CpuUsage.TotalTime - processor);
        terminal.Line($"memory bank: {source.Bank.Count:N0} + {bank.Count - source.Bank.Count:N0} = {bank.Count:N0} rows, {bank.Bytes / 1048576.0:0.0} MiB");
        string graph = Path.Combine(draft.Folder, "model.onnx");
        Guarded(() => source.Save(bank, graph));
        using AnomalyDetector detector = AnomalyDetector.Load(graph, old.Input, new DetectorOptions { Threads = options.Threads });

        HeldOutScores heldOut = HeldOutScores.Of(detector, split.Calibration, context);
        int added = split.Training.Count - skipped.Count(s => split.Training.Any(p => p.Path == s.Path));
        Calibration calibration = Recalibrated(heldOut, added);
        ParityInfo parity = Prove(draft, source, bank, detector, split, dataset, context);
        EvaluationResult? evaluation = dataset.Test.Count == 0 ? null : Evaluator.Run(detector, calibration, dataset, old.Input, options.Strict, terminal, cancellation);

        DatasetInfo data = new(
            Digest(split), old.Dataset.Training + added, split.Calibration.Count == 0 ? old.Dataset.Calibration : heldOut.Scores.Length,
            old.Dataset.Skipped + dataset.Skipped.Count + skipped.Count, old.Dataset.Duplicates + dataset.Duplicates.Count);
        Dictionary<string, string> parameters = new(old.Parameters)
        {
            ["extendedFrom"] = Text(old.Version),
            ["memoryBytes"] = Text(memory),
            ["bankRows"] = Text(bank.Count),
            ["calibratedOn"] = split.Calibration.Count == 0 ? $"as version {Text(old.Version)}" : options.CalibrateOn is null ? "held-out new pictures" : "separate pictures",
        };
        DateTimeOffset now = time.GetUtcNow();
        Guarded(() => File.WriteAllText(Path.Combine(draft.Folder, "report.html"), PackageReport.Html(new ReportContent(
            old.Name, old.Method, old.Backbone, calibration, data, parity, evaluation?.Summary, parameters, heldOut.Scores,
            evaluation?.ScoresOf(normal: true) ?? [], evaluation?.ScoresOf(normal: false) ?? [], now))));
        cancellation.ThrowIfCancellationRequested();
        Package published = draft.Publish((version, files) => old with
        {
            Version = version,
            Calibration = calibration,
            Evaluation = evaluation?.Summary,
            Dataset = data,
            Parity = parity,
            Parameters = parameters,
            CreatedAt = now,
            GitCommit = TrainingRun.BuiltFrom,
            Files = files,
        }, options.SetCurrent);
        return new TrainingResult(published, evaluation, skipped, time.GetElapsedTime(started), fit, fitProcessor);
    }

    /// <summary>Too few new pictures to hold four out: all of them are added, and the threshold stays.</summary>
    private Split SplitOf(Dataset dataset)
    {
        if (options.CalibrateOn is { } folder)
        {
            Dataset separate = Dataset.Open(folder, options.Strict, terminal, cancellation);
            skipped.AddRange(separate.Skipped);
            SplitConformal.Choose(new float[separate.Train.Count], options.FalseRejectRate);
            Split apart = Split.Apart(dataset.Train, separate.Train);
            return apart.Training.Count > 0 ? apart : throw new EdgeException($"All pictures of {dataset.Folder} are in {folder}: none is left to add.");
        }
        double held = Math.Round(options.HoldOut * dataset.Train.Count, MidpointRounding.AwayFromZero);
        if (held < SplitConformal.FewestPictures && options.FalseRejectRate is null) return new Split(dataset.Train, []);
        Split split = Split.Of(dataset.Train, options.HoldOut);
        SplitConformal.Choose(new float[split.Calibration.Count], options.FalseRejectRate);   // too few pictures: say so before the work
        return split;
    }

    /// <summary>
    /// With separate pictures: theirs. With held-out new ones: theirs, but never below the old threshold, because old parts are not among
    /// them and come no nearer to rows that were there before. With neither: the old one.
    /// </summary>
    private Calibration Recalibrated(HeldOutScores heldOut, int added)
    {
        Calibration was = old.Calibration;
        string since = $"{added} normal {(added == 1 ? "picture was" : "pictures were")} added to version {old.Version}";
        if (heldOut.Scores.Length == 0)
        {
            terminal.Warn($"the threshold stays {was.Threshold:G6}: too few new pictures to hold {SplitConformal.FewestPictures} out (--calibrate-on DIR takes others).");
            return was with { DerivedFrom = old.Version, Promise = $"{was.Promise ?? "None."} Since then {since}; rows were only added to the memory bank, and it was not measured again." };
        }
        SplitConformal choice = SplitConformal.Choose(heldOut.Scores, options.FalseRejectRate);
        Calibration now = choice.ToCalibration(heldOut.Scores, heldOut.HeatmapRange) with
        {
            DerivedFrom = old.Version, ReviewFrom = was.ReviewFrom, ReviewPromise = was.ReviewPromise, Pixel = was.Pixel,
        };
        if (options.CalibrateOn is null)
        {
            bool kept = was.Threshold > now.Threshold;
            now = now with
            {
                Threshold = Math.Max(was.Threshold, now.Threshold),
                Promise = $"{now.Promise} The held-out pictures are new ones: {since}, whose threshold was {was.Threshold.ToString(CultureInfo.InvariantCulture)}"
                    + (kept ? " and stays, being the higher one." : ".") + " Parts like the older pictures were not measured again.",
            };
        }
        return now.ReviewFrom >= now.Threshold ? now with { ReviewFrom = null, ReviewPromise = null } : now;
    }

    /// <summary>
    /// Parity: ONNX Runtime's search against TorchSharp's in float64, on the embeddings of the package's own graph, whose trunk was held against
    /// TorchSharp's when it was trained and whose golden images were replayed before. Golden: held-out new pictures, then the old golden ones.
    /// </summary>
    private ParityInfo Prove(
        PackageDraft draft, PackagedPatchCore source, MemoryBank bank, AnomalyDetector detector, Split split, Dataset dataset, TrainingContext context)
    {
        List<LoadedPicture> proofs = [.. ProofPictures.Load(split.Calibration, dataset.Test, [], context)];
        foreach (GoldenImage image in package.Golden.Images.Reverse())   // anomalous ones, where there were any, are the last
        {
            Picture picture = new(package.GoldenPath(image), "golden", null, old.Files[$"golden/{image.File}"]);
            proofs.AddRange(PictureLoader.Stream([picture], old.Input.WithoutRegion(), strict: true, [], terminal, cancellation));
        }
        using BankModel model = new(bank);
        ParityInfo parity = ParityCheck.Run(image => source.Score(model, image.bytes.ToArray()), Tolerance, detector, proofs, context);
        Guarded(() => GoldenImages.Write(draft, detector, proofs, package.Golden.Tolerance / GoldenImages.OtherMachines));   // an int8 graph's is larger
        return parity;
    }

    /// <summary>Of the old data and the new pictures: the old ones are only known by their digest.</summary>
    private string Digest(Split split) => Convert.ToHexStringLower(SHA256.HashData(
        Encoding.ASCII.GetBytes($"{old.Dataset.Digest}\n{Dataset.DigestOf(split.Training.Concat(split.Calibration).DistinctBy(p => p.Sha256))}")));

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write a new version of {old.Name}: {e.Message} Nothing was published.", e);
        }
    }
}
