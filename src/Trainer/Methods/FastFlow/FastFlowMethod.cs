using System.Globalization;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>FastFlow (Yu et al., arXiv 2111.07677): normalizing flows on a frozen trunk's features; what is unlikely is anomalous.</summary>
internal sealed class FastFlowMethod(Backbone backbone, FastFlowOptions options, TrainingSchedule schedule) : DetectionMethod(backbone)
{
    private const int SmallestSide = 32;

    private readonly FlowNetwork network = new(backbone.Trunk, options);
    private readonly TrunkNetwork trunk = new(backbone.Trunk);
    private readonly Dictionary<string, string> parameters = new()
    {
        ["layers"] = string.Join('+', backbone.Trunk.Features.Select(f => f.Name)),
        ["flowSteps"] = Text(options.Steps),
        ["hiddenRatio"] = Text(options.HiddenRatio),
        ["clamp"] = Text(FlowStep.Clamp),
        ["featureNoise"] = Text(options.FeatureNoise),
        ["batch"] = Text(schedule.BatchSize),
        ["learningRate"] = Text(schedule.LearningRate),
        ["augmentation"] = "none",
        ["seed"] = Text(options.Seed),
    };

    private Progressed? fitted;

    public override string Name => "fastflow";

    public override bool FixedSize => Backbone.Trunk.FixedSize is not null;

    /// <summary>A trained flow stretches rare directions, and rounding with them, some hundred times.</summary>
    public override double Tolerance => 1e-3;

    public override IReadOnlyDictionary<string, string> Parameters => parameters;

    public override IReadOnlyList<EpochRecord> Epochs => fitted?.Epochs ?? [];

    public override void CheckInput(InputSpec input)
    {
        if (Math.Min(input.Width, input.Height) < SmallestSide) throw new EdgeException($"FastFlow needs pictures of at least {SmallestSide} pixels a side. Use --size {SmallestSide} or more.");
        Backbone.Trunk.GridsOf(input.Height, input.Width);
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        using DisposeScope scope = NewDisposeScope();
        LearningPictures learning = LearningPictures.Load(pictures, context);
        using FlowFeatures features = new(trunk, learning.Images);
        FastFlowTraining training = new(network, features, learning.Training, learning.Validation, options.FeatureNoise, options.Seed);
        context.Terminal.Progress("extracting features", progress =>
        {
            training.Standardise(f => progress.Report(f), context.Cancellation);
            return 0;
        });
        string fingerprint = string.Join("; ", [Name, .. parameters.Select(p => $"{p.Key} {p.Value}"), $"epochs {schedule.EpochsFor(learning.Training.Length)}",
            $"{context.Input.Width}×{context.Input.Height}", $"backbone {Backbone.Info.Sha256[..16]}", $"pictures {learning.Digest[..16]}"]);
        fitted = new NetworkTraining(network, schedule, training.Loss, training.Validation, fingerprint).Run(learning.Training.Length, context.Terminal, context.Cancellation);
        context.Terminal.Line($"best of {fitted.Epochs.Count} epochs is {fitted.BestEpoch}, {(learning.Validation.Length == 0 ? "the last one: too few pictures to validate with" : $"chosen on {learning.Validation.Length} normal pictures that are not trained on")}");
        parameters["trainedOn"] = Text(learning.Training.Length);
        parameters["validatedOn"] = Text(learning.Validation.Length);
        parameters["epochs"] = Text(fitted.Epochs.Count);
        parameters["bestEpoch"] = Text(fitted.BestEpoch);
        parameters["trainedParameters"] = Text(network.parameters().Sum(p => p.numel()));
    }

    public override void Export(string path, InputSpec input) => new FastFlowExport(Backbone.Trunk, network).Save(path);

    public override (Tensor Score, Tensor Map) Score(Tensor images)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        network.eval();
        Tensor map = network.Map(network.Normalise(trunk.Features(images)), images.shape[1], images.shape[2]).cpu();
        return (map.amax([1, 2]).MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }

    public override void Dispose()
    {
        trunk.Dispose();
        network.Dispose();
        base.Dispose();
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
