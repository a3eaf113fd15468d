using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.FastFlow;

/// <summary>FastFlow (Yu et al., arXiv 2111.07677): normalizing flows on a frozen trunk's features; what is unlikely is anomalous.</summary>
internal sealed class FastFlowMethod(Backbone backbone, FastFlowOptions options, TrainingSchedule schedule) : NetworkMethod(backbone, schedule)
{
    private readonly FlowNetwork network = new(backbone.Trunk, options);
    private readonly TrunkNetwork trunk = new(backbone.Trunk);

    public override string Name => "fastflow";

    /// <summary>A trained flow stretches rare directions, and rounding with them, some hundred times.</summary>
    public override double Tolerance => 1e-3;

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        using DisposeScope scope = NewDisposeScope();
        LearningPictures learning = LearningPictures.Load(pictures, context);
        using CachedFeatures features = new(Layers, learning.Images);
        StepPictures step = new(learning, features, Layers, Schedule.Augmentation, options.Seed);
        FastFlowTraining training = new(network, features, step.Features, learning.Training, learning.Validation, options.FeatureNoise, options.Seed);
        context.Terminal.Progress("extracting features", progress =>
        {
            training.Standardise(f => progress.Report(f), context.Cancellation);
            return 0;
        });
        Set("layers", string.Join('+', Backbone.Trunk.Features.TakeLast(network.Scales.Count).Select(f => f.Name)));
        Set("flowSteps", options.Steps);
        Set("hiddenRatio", options.HiddenRatio);
        Set("clamp", FlowStep.Clamp);
        Set("featureNoise", options.FeatureNoise);
        Set("seed", options.Seed);
        Train(network, learning, training.Loss, training.Validation, context);
    }

    public override void Export(string path, InputSpec input) => new FastFlowExport(Backbone.Trunk, network).Save(path);

    public override (Tensor Score, Tensor Map) Score(Tensor images)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        network.eval();
        Tensor map = network.Map(network.Normalise(Layers(images)), images.shape[1], images.shape[2]).cpu();
        return (map.amax([1, 2]).MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }

    private Tensor[] Layers(Tensor images) => trunk.Features(images)[^network.Scales.Count..];

    public override void Dispose()
    {
        trunk.Dispose();
        network.Dispose();
        base.Dispose();
    }
}
