using System.Globalization;
using System.Reflection;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Methods;
using Edge.Training.Methods.Networks;
using Edge.Training.Reports;
using Edge.Training.Thresholds;

namespace Edge.Training.Runs;

/// <summary>From a folder of pictures to a published package. Every step after the fit uses the exported graph, as the line will.</summary>
internal sealed class TrainingRun(TrainingOptions options, DetectionMethod method, Terminal terminal, TimeProvider time, CancellationToken cancellation)
{
    private readonly List<SkippedPicture> skipped = [];

    /// <exception cref="EdgeException">The data, the options or the disk do not allow it; nothing is left behind.</exception>
    public TrainingResult Execute()
    {
        long started = time.GetTimestamp();
        if (options is { Quantise: true, Input.Tiles: not null }) throw new EdgeException("--int8 does not work with tiles yet: leave one of them out.");
        InputSpec learnt = TileInput.Of(options.Input);
        method.CheckInput(learnt);
        using PackageDraft draft = new PackageStore(options.Models) { Signer = SigningKey.OfEnvironment() }.Begin(options.Name);   // a folder that can't be written to, or a bad key, is known at once
        Dataset dataset = Dataset.Open(options.Data, options.Strict, terminal, cancellation);
        IReadOnlyList<Picture>? separate = options.CalibrateOn is { } folder ? Separate(dataset, folder) : null;
        NearDuplicates near = NearDuplicates.Find(dataset.Train, [.. separate ?? [], .. dataset.Test], terminal, cancellation);
        bool few = TooFewToHoldOut(near.Normals.Count);
        Split split = separate is not null ? Split.Apart(near.Normals, separate) : !method.Learns ? new Split([], near.Normals) : few ? new Split(near.Normals, []) : Split.Of(near.Normals, options.HoldOut);
        if (!method.Learns) split = split with { Training = [] };
        if (!few) SplitConformal.Choose(new float[split.Calibration.Count], options.FalseRejectRate);   // too few pictures: say so before the work
        terminal.Line($"{dataset.Folder}: {split.Training.Count} normal pictures to train on, {split.Calibration.Count} held out for the threshold, {dataset.Test.Count} to test on");

        TrainingContext context = new(options.Input, options.Strict, skipped, terminal, cancellation);
        (long fitting, TimeSpan processor) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        method.Fit(split.Training, context with { Input = learnt });
        (TimeSpan fit, TimeSpan fitProcessor) = (time.GetElapsedTime(fitting), Environment.CpuUsage.TotalTime - processor);
        dataset = WithoutLearned(dataset);
        int trained = split.Training.Count - skipped.Count(s => split.Training.Any(p => p.Path == s.Path));
        string graph = Path.Combine(draft.Folder, "model.onnx");
        Write(() => method.Export(graph, learnt));
        using AnomalyDetector exported = Load(graph);
        IReadOnlyList<LoadedPicture> fewLearnt = few ? LoadFew(split.Training, context) : [];
        IReadOnlyList<LoadedPicture> proofs = ProofPictures.Load(split.Calibration, dataset.Test, fewLearnt, context);
        ParityInfo parity = ParityCheck.Run(TiledAnswer.Of(method, options.Input), method.Tolerance, exported, proofs, context);
        (string? int8, ParityInfo? int8Parity) = options.Quantise ? Quantise(graph, exported, split, proofs, context) : (null, null);
        using AnomalyDetector? integers = int8Parity is null ? null : Load(graph);
        AnomalyDetector detector = integers ?? exported;

        HeldOutScores heldOut = few ? HeldOutScores.LeftOut(method, fewLearnt, context) : HeldOutScores.Of(detector, split.Calibration, context);
        Calibration calibration = few ? FewNormals.Choose(heldOut.Scores, heldOut.HeatmapRange, fewLearnt.Count) : Conformal(heldOut);
        if (few) terminal.Warn($"the threshold promises nothing: {fewLearnt.Count} normal {(fewLearnt.Count == 1 ? "picture is" : "pictures are")} too few to hold any out.");

        Write(() => GoldenImages.Write(draft, detector, proofs, integers is null ? method.Tolerance : Int8Trial.GoldenTolerance));
        EvaluationResult? evaluation = dataset.Test.Count == 0 ? null
            : Evaluator.Run(detector, calibration, dataset, options.Input, options.Strict, terminal, cancellation);

        string digest = Dataset.DigestOf(split.Training.Concat(split.Calibration).Concat(dataset.Test).Concat(method.LearnedAnomalies).DistinctBy(p => p.Sha256));
        DatasetInfo data = new(digest, trained, few ? 0 : heldOut.Scores.Length, dataset.Skipped.Count + skipped.Count, dataset.Duplicates.Count);
        Dictionary<string, string> parameters = new(method.Parameters)
        {
            ["calibratedOn"] = few ? "pictures left out one at a time" : options.CalibrateOn is null && !method.Learns ? "all normal pictures" : options.CalibrateOn is null ? $"held-out pictures ({options.HoldOut.ToString(CultureInfo.InvariantCulture)} of the normal ones)" : "separate pictures",
        };
        if (near.Grouped > 0) parameters["nearDuplicates"] = near.Grouped.ToString(CultureInfo.InvariantCulture);
        if (near.LeftOut > 0) parameters["nearDuplicatesLeftOut"] = near.LeftOut.ToString(CultureInfo.InvariantCulture);
        if (int8 is not null) parameters["int8"] = $"{(integers is null ? "refused" : "accepted")}, {int8}";
        if (integers is not null)
        {
            parameters["float32Parity"] = string.Create(CultureInfo.InvariantCulture, $"score {parity.MaxRelativeScore:G3}, map {parity.MaxRelativeMap:G3}");
            if (evaluation is not null)
            {
                EvaluationSummary floats = Evaluator.Run(exported, calibration, dataset, options.Input, options.Strict, terminal, cancellation).Summary;
                parameters["float32ImageAuroc"] = string.Create(CultureInfo.InvariantCulture, $"{floats.ImageAuroc:0.0000} (int8 {evaluation.Summary.ImageAuroc:0.0000})");
            }
            parity = int8Parity!;
        }
        if (method.Epochs.Count > 0) Write(() => File.WriteAllText(Path.Combine(draft.Folder, "training.csv"), TrainingCurve.ToCsv(method.Epochs)));
        DateTimeOffset now = time.GetUtcNow();
        Write(() => File.WriteAllText(Path.Combine(draft.Folder, "report.html"), Report(calibration, data, parity, evaluation, parameters, heldOut, now)));
        cancellation.ThrowIfCancellationRequested();
        Package package = draft.Publish((version, files) => new Manifest
        {
            SchemaVersion = Manifest.CurrentSchema,
            Name = options.Name,
            Version = version,
            Method = method.Name,
            Backbone = method.Weights,
            Input = options.Input with { FixedSize = method.FixedSize },
            Calibration = calibration,
            Evaluation = evaluation?.Summary,
            Dataset = data,
            Parity = parity,
            Parameters = parameters,
            CreatedAt = now,
            GitCommit = BuiltFrom,
            Files = files,
        });
        return new TrainingResult(package, evaluation, skipped, time.GetElapsedTime(started), fit, fitProcessor);
    }

    /// <summary>No rate was asked for, and the method can do without pictures held out.</summary>
    private bool TooFewToHoldOut(int normals) =>
        method.LeavesOneOut && options is { CalibrateOn: null, FalseRejectRate: null, Input.Tiles: null } && normals <= FewNormals.MostPictures
        && Math.Round(options.HoldOut * normals, MidpointRounding.AwayFromZero) < SplitConformal.FewestPictures;

    private static IReadOnlyList<LoadedPicture> LoadFew(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        List<SkippedPicture> alreadyReported = [];
        return [.. PictureLoader.Stream(pictures, context.Input, context.Strict, alreadyReported, context.Terminal, context.Cancellation)];
    }

    private AnomalyDetector Load(string graph) => AnomalyDetector.Load(graph, options.Input, new DetectorOptions { Threads = options.Threads });

    /// <summary>The graph's file is replaced when the int8 graph passes its trial and parity; no parity when it does not.</summary>
    private (string? Why, ParityInfo? Parity) Quantise(
        string graph, AnomalyDetector exported, Split split, IReadOnlyList<LoadedPicture> proofs, TrainingContext context)
    {
        if (split.Calibration.Count == 0 || split.Training.Count == 0)
        {
            terminal.Warn("--int8 needs pictures that were learnt from and held-out ones to be tried on: the graph stays float32.");
            return (null, null);
        }
        string candidate = graph + ".int8";
        Int8Trial trial = Int8Trial.Run(graph, candidate, method, exported, split, options.Threads, context);
        ParityInfo? parity = null;
        string why = $"{trial.Convolutions} convolutions: {trial.Words}";
        if (trial.Accepted)
        {
            try
            {
                using AnomalyDetector integers = Load(candidate);
                parity = ParityCheck.Run(method.Score, Int8Trial.Tolerance, integers, proofs, context);
            }
            catch (EdgeException e)
            {
                why += $". {e.Message.Replace(" Nothing was published.", "", StringComparison.Ordinal)}";
            }
        }
        if (parity is not null) Write(() => File.Move(candidate, graph, overwrite: true));
        else Write(() => File.Delete(candidate));
        if (parity is not null) terminal.Line($"int8 is accepted: {why}");
        else terminal.Warn($"int8 is refused and the graph stays float32: {why}");
        return (why, parity);
    }

    private Calibration Conformal(HeldOutScores heldOut)
    {
        SplitConformal choice = SplitConformal.Choose(heldOut.Scores, options.FalseRejectRate);
        if (choice.Relaxed)
            terminal.Warn($"{heldOut.Scores.Length} held-out pictures can't promise {SplitConformal.UsualRate:P0}: the threshold is for a false reject rate of {choice.FalseRejectRate:P1}; {SplitConformal.Needed(SplitConformal.UsualRate)} held-out pictures are needed for {SplitConformal.UsualRate:P0}.");
        return choice.ToCalibration(heldOut.Scores, heldOut.HeatmapRange);
    }

    /// <summary>The threshold's pictures come from a folder of their own. None may be trained on; those that are tested on are pointed out.</summary>
    private IReadOnlyList<Picture> Separate(Dataset dataset, string folder)
    {
        Dataset separate = Dataset.Open(folder, options.Strict, terminal, cancellation);
        IReadOnlyList<Picture> calibration = separate.Train;
        skipped.AddRange(separate.Skipped);
        if (dataset.Test.IntersectBy(calibration.Select(p => p.Sha256), p => p.Sha256).Count() is > 0 and int tested)
            terminal.Warn($"{tested} pictures of {folder} are also test pictures: the verdicts on them say nothing about new parts (AUROC does not depend on the threshold).");
        return calibration;
    }

    private Dataset WithoutLearned(Dataset dataset)
    {
        HashSet<string> learned = [.. method.LearnedAnomalies.Select(p => p.Sha256)];
        Picture[] rest = [.. dataset.Test.Where(p => !learned.Contains(p.Sha256))];
        if (rest.Length == dataset.Test.Count) return dataset;
        terminal.Warn($"{dataset.Test.Count - rest.Length} test pictures were learned from as labelled anomalies; they are not tested on.");
        return dataset with { Test = rest };
    }

    /// <summary>The SDK appends the commit to the informational version when it builds inside a repository: 1.0.0+commit.</summary>
    internal static string? BuiltFrom =>
        typeof(TrainingRun).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : null;

    private string Report(
        Calibration calibration, DatasetInfo data, ParityInfo parity, EvaluationResult? evaluation, Dictionary<string, string> parameters,
        HeldOutScores heldOut, DateTimeOffset now) =>
        PackageReport.Html(new ReportContent(
            options.Name, method.Name, method.Weights, calibration, data, parity, evaluation?.Summary, parameters, heldOut.Scores,
            evaluation?.ScoresOf(normal: true) ?? [], evaluation?.ScoresOf(normal: false) ?? [], now));

    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeException($"Cannot write the package in {options.Models}: {e.Message} Nothing was published.", e);
        }
    }
}

/// <param name="Evaluation">null without a test set.</param>
/// <param name="Skipped">Pictures that could not be decoded in training and calibration.</param>
/// <param name="Fit">Of <see cref="Elapsed"/>, what the method took to learn; <paramref name="FitProcessor"/> is that of all threads together.</param>
internal sealed record TrainingResult(
    Package Package, EvaluationResult? Evaluation, IReadOnlyList<SkippedPicture> Skipped, TimeSpan Elapsed, TimeSpan Fit, TimeSpan FitProcessor);
