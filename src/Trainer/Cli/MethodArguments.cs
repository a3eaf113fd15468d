using System.CommandLine;
using Edge.Training.Methods;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Fcdd;
using Edge.Training.Methods.Networks;
using Edge.Training.Methods.PatchCore;

namespace Edge.Training.Cli;

/// <summary>Which method <c>train</c> uses, and what belongs to one method only.</summary>
internal static class MethodArguments
{
    private static readonly Option<string> Method = new("--method") { Required = true, HelpName = "NAME", Description = "patchcore, fastflow, fcdd or efficientad." };
    private static readonly Option<bool> Quick = new("--quick") { Description = "A smoke run: a small memory bank or a few steps. The model is not a good one." };
    private static readonly Option<double> Coreset = new("--coreset") { HelpName = "RATIO", Description = "PatchCore: share of the patches kept in the memory bank.", DefaultValueFactory = _ => 0.1 };
    private static readonly Option<long?> Memory = new("--memory") { HelpName = "SIZE", Description = "PatchCore: most bytes of the memory bank, e.g. 64MiB (default).", CustomParser = Arguments.Bytes };
    private static readonly Option<int> MaxPatches = new("--max-patches") { HelpName = "N", Description = "PatchCore: patches the coreset is selected from; more are sampled.", DefaultValueFactory = _ => 150_000 };
    private static readonly Option<string> Sampling = Choice("--sampling", "PatchCore: coreset (greedy k-center) or random, the paper's baseline.", "coreset", "random");
    private static readonly Option<int> Neighbours = new("--neighbours") { HelpName = "B", Description = "PatchCore: bank rows around the nearest one that weigh the score (eq. 7).", DefaultValueFactory = _ => MemoryBank.UsualNeighbours };
    private static readonly Option<string> Reweighting = Choice("--reweighting", "PatchCore: eq. 7 on or off (the score is the farthest patch's distance).", "on", "off");
    private static readonly Option<string> Bank = Choice("--bank", "PatchCore: how the memory bank lies in the package.", "float32", "float16", "int8");
    private static readonly Option<int?> Components = new("--components") { HelpName = "N", Description = "PatchCore: principal components that patch embeddings are reduced to. Default: none, all values are used." };
    private static readonly Option<double?> Variance = new("--variance") { HelpName = "SHARE", Description = "PatchCore: as few principal components as keep this share of the variance, e.g. 0.99.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<int?> Scales = new("--scales") { HelpName = "N", Description = "FastFlow: how many of the trunk's feature maps get a flow, the coarsest first. Default: all." };
    private static readonly Option<int> FlowSteps = new("--flow-steps") { HelpName = "N", Description = "FastFlow: flow steps for each scale.", DefaultValueFactory = _ => 8 };
    private static readonly Option<double> HiddenRatio = new("--hidden-ratio") { HelpName = "RATIO", Description = "FastFlow: hidden over input channels of the subnets.", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> FeatureNoise = new("--feature-noise") { HelpName = "SIGMA", Description = "FastFlow: noise on the standardised features in training.", DefaultValueFactory = _ => 0.2 };
    private static readonly Option<int> Hidden = new("--hidden") { HelpName = "N", Description = "FCDD: channels between the trunk's features and the head.", DefaultValueFactory = _ => 128 };
    private static readonly Option<string?> Outliers = new("--outliers") { HelpName = "DIR", Description = "FCDD: photographs of anything but the part, shown as anomalous. Default: confetti noise on the normal pictures." };
    private static readonly Option<string?> Anomalies = new("--anomalies") { HelpName = "DIR", Description = "FCDD: labelled anomalous pictures to learn from: <defect>/ or test/<defect>/, masks in ground_truth/<defect>/. They are not tested on." };
    private static readonly Option<int?> Epochs = new("--epochs") { HelpName = "N", Description = $"FastFlow, FCDD: passes over the pictures at most. Default: what comes to {TrainingSchedule.UsualSteps} steps." };
    private static readonly Option<int> Batch = new("--batch") { HelpName = "N", Description = "FastFlow, FCDD: pictures a step.", DefaultValueFactory = _ => 4 };
    private static readonly Option<double> LearningRate = new("--learning-rate") { HelpName = "RATE", Description = "FastFlow, FCDD, EfficientAD: of Adam, at the start.", DefaultValueFactory = _ => 1e-3 };
    private static readonly Option<string?> Augment = new("--augment") { HelpName = "LIST", Description = $"FastFlow, FCDD: how normal parts vary, e.g. flip-horizontal,rotate:3,shift:4. There are: {Augmentation.Understood}. Default: none." };
    private static readonly Option<string?> Checkpoint = new("--checkpoint") { HelpName = "FILE", Description = "FastFlow, FCDD, EfficientAD: written after every epoch (EfficientAD: at most 100 steps)." };
    private static readonly Option<bool> Resume = new("--resume") { Description = "FastFlow, FCDD, EfficientAD: go on from --checkpoint. Equals a run that was never interrupted." };

    private static readonly Option<string?> TeacherFile = new("--teacher") { HelpName = "FILE", Description = "EfficientAD: a PDN from distill (.safetensors). Default: the embedded one." };
    private static readonly Option<string?> PhotographsFolder = new("--photographs") { HelpName = "DIR", Description = "EfficientAD: photographs of anything, for the pretraining penalty. Default: without it." };
    private static readonly Option<int> Steps = new("--steps") { HelpName = "N", Description = "EfficientAD: pictures trained on, one a step; the paper's run has 70000.", DefaultValueFactory = _ => TrainingSchedule.EfficientAdSteps };
    private static readonly Option<string> Decay = Choice("--decay", "EfficientAD: of the learning rate: cosine, for short runs, or step, the paper's (with --learning-rate 1e-4).", "cosine", "step");
    private static readonly Option<bool> AcceptPatentNotice = new("--accept-patent-notice") { Description = "EfficientAD: needed. The method may be patented in some countries; whether you may use it is yours to find out." };

    private static readonly Option[] OfPatchCore = [Coreset, Memory, MaxPatches, Sampling, Neighbours, Reweighting, Bank, Components, Variance];
    private static readonly Option[] OfFastFlow = [Scales, FlowSteps, HiddenRatio, FeatureNoise];
    private static readonly Option[] OfFcdd = [Hidden, Outliers, Anomalies];
    private static readonly Option[] OfEfficientAd = [TeacherFile, PhotographsFolder, Steps, Decay, AcceptPatentNotice];
    private static readonly Option[] OfPasses = [Epochs, Batch, Augment];
    private static readonly Option[] OfNetworks = [LearningRate, Checkpoint, Resume];

    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Method, Quick, .. OfPatchCore, .. OfFastFlow, .. OfFcdd, .. OfEfficientAd, .. OfPasses, .. OfNetworks]) command.Add(option);
        BackboneArguments.AddTo(command);
    }

    /// <param name="arguments">Options of the method as <c>train</c> takes them: --coreset, 0.05, …</param>
    /// <exception cref="EdgeException">As the other, and options that are not understood.</exception>
    public static DetectionMethod Create(string method, IEnumerable<string> arguments, int threads, int seed)
    {
        Command command = new("train");
        AddTo(command);
        ParseResult parsed = command.Parse([Method.Name, method, .. arguments]);
        if (parsed.Errors.Count > 0) throw new EdgeException(string.Join(" ", parsed.Errors.Select(e => e.Message)));
        return Create(parsed, threads, seed);
    }

    /// <exception cref="EdgeException">An unknown method, an option of another method, or a value out of range.</exception>
    public static DetectionMethod Create(ParseResult parsed, int threads, int seed)
    {
        string method = parsed.GetRequiredValue(Method);
        Option[] own = method switch
        {
            "patchcore" => [.. BackboneArguments.Options, .. OfPatchCore],
            "fastflow" => [.. BackboneArguments.Options, .. OfFastFlow, .. OfPasses, .. OfNetworks],
            "fcdd" => [.. BackboneArguments.Options, .. OfFcdd, .. OfPasses, .. OfNetworks],
            "efficientad" => [.. OfEfficientAd, .. OfNetworks],
            _ => throw new EdgeException($"--method {method} is not known; there are: patchcore, fastflow, fcdd, efficientad."),
        };
        if (((Option[])[.. BackboneArguments.Options, .. OfPatchCore, .. OfFastFlow, .. OfFcdd, .. OfEfficientAd, .. OfPasses, .. OfNetworks]).Except(own).FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } wrong)
            throw new EdgeException($"{wrong.Name} does not belong to --method {method}.");
        return method switch
        {
            "patchcore" => PatchCore(parsed, threads, seed),
            "fastflow" => FastFlow(parsed, seed),
            "fcdd" => Fcdd(parsed, seed),
            _ => EfficientAd(parsed, seed),
        };
    }

    private static PatchCoreMethod PatchCore(ParseResult parsed, int threads, int seed)
    {
        bool quick = parsed.GetValue(Quick);
        PatchCoreOptions options = new()
        {
            CoresetRatio = parsed.GetValue(Coreset),
            MemoryBytes = parsed.GetValue(Memory) ?? PatchCoreOptions.UsualMemory,
            MaxPatches = quick ? Math.Min(parsed.GetValue(MaxPatches), PatchCoreOptions.QuickPatches) : parsed.GetValue(MaxPatches),
            Sampling = parsed.GetValue(Sampling) == "random" ? BankSampling.Random : BankSampling.Coreset,
            Neighbours = parsed.GetValue(Neighbours),
            Reweighting = parsed.GetValue(Reweighting) != "off",
            Bank = parsed.GetValue(Bank) switch { "float16" => BankStorage.Float16, "int8" => BankStorage.Int8, _ => BankStorage.Float32 },
            Components = parsed.GetValue(Components),
            Variance = parsed.GetValue(Variance),
            Seed = seed,
            Threads = threads,
        };
        return new PatchCoreMethod(BackboneArguments.Load(parsed), options.Check());
    }

    /// <summary>An option with a few values; the first is the default.</summary>
    private static Option<string> Choice(string name, string description, params string[] values)
    {
        Option<string> option = new(name) { HelpName = string.Join('|', values), Description = description, DefaultValueFactory = _ => values[0] };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static FastFlowMethod FastFlow(ParseResult parsed, int seed)
    {
        FastFlowOptions options = new() { Scales = parsed.GetValue(Scales), Steps = parsed.GetValue(FlowSteps), HiddenRatio = parsed.GetValue(HiddenRatio), FeatureNoise = parsed.GetValue(FeatureNoise), Seed = seed };
        return new FastFlowMethod(BackboneArguments.Load(parsed), options.Check(), Schedule(parsed, seed));
    }

    private static FcddMethod Fcdd(ParseResult parsed, int seed)
    {
        FcddOptions options = new() { Hidden = parsed.GetValue(Hidden), Outliers = parsed.GetValue(Outliers), Anomalies = parsed.GetValue(Anomalies), Seed = seed };
        return new FcddMethod(BackboneArguments.Load(parsed), options.Check(), Schedule(parsed, seed));
    }

    private static EfficientAdMethod EfficientAd(ParseResult parsed, int seed)
    {
        if (!parsed.GetValue(AcceptPatentNotice))
            throw new EdgeException("EfficientAD (arXiv 2303.14535) may be patented in some countries, and whether you may use it there is yours to find out. Add --accept-patent-notice to go on; the other methods need no such consent.");
        EfficientAdOptions options = new() { Photographs = parsed.GetValue(PhotographsFolder), Seed = seed };
        TrainingSchedule schedule = Schedule(parsed, seed) with
        {
            Epochs = null,
            Steps = parsed.GetValue(Steps),
            EpochSteps = TrainingSchedule.EfficientAdEpoch,
            BatchSize = 1,
            Decay = parsed.GetValue(Decay) == "step" ? LearningRateDecay.Step : LearningRateDecay.Cosine,
        };
        return new EfficientAdMethod(Teacher.Load(parsed.GetValue(TeacherFile)), options, schedule.Check());
    }

    private static TrainingSchedule Schedule(ParseResult parsed, int seed) => new TrainingSchedule
    {
        Epochs = parsed.GetValue(Epochs),
        BatchSize = parsed.GetValue(Batch),
        LearningRate = parsed.GetValue(LearningRate),
        Augmentation = Augmentation.Parse(parsed.GetValue(Augment)),
        Checkpoint = parsed.GetValue(Checkpoint),
        Resume = parsed.GetValue(Resume),
        Quick = parsed.GetValue(Quick),
        Seed = seed,
    }.Check();
}
