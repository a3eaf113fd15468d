using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Data;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>FCDD (Liznerski et al., arXiv 2007.01760): a network whose output is the anomaly map, trained to be 0 on normal pictures and large on anomalous ones.</summary>
internal sealed class FcddMethod(Backbone backbone, FcddOptions options, TrainingSchedule schedule) : NetworkMethod(backbone, schedule)
{
    private readonly FcddNetwork network = new(backbone.Trunk, options.Hidden, options.Seed);
    private readonly TrunkNetwork trunk = new(backbone.Trunk);

    private IReadOnlyList<Picture> anomalous = [];

    public override string Name => "fcdd";

    public override IReadOnlyList<Picture> LearnedAnomalies => anomalous;

    public override void CheckInput(InputSpec input)
    {
        base.CheckInput(input);
        if (input is TileInput && options.Anomalies is not null) throw new EdgeException("--anomalies can't be combined with --tiles: nobody says which tiles of an anomalous picture are normal. Leave one of them out.");
        const int stride = ReceptiveFieldUpsampling.Stride;
        Grid grid = Backbone.Trunk.GridsOf(input.Height, input.Width)[^2], needed = new((input.Height + stride - 1) / stride, (input.Width + stride - 1) / stride);
        if (grid != needed) throw new EdgeException($"FCDD needs a backbone whose {Backbone.Trunk.Layer2.Name} is at 1/{stride} of the picture ({needed.Width}×{needed.Height}); {Backbone.Info.Name}'s is {grid.Width}×{grid.Height}.");
    }

    public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
    {
        using DisposeScope scope = NewDisposeScope();
        LearningPictures learning = LearningPictures.Load(pictures, context);
        using CachedFeatures features = new(Layers, learning.Images);
        StepPictures step = new(learning, features, Layers, Schedule.Augmentation, options.Seed);
        AnomalySource anomalies = new(learning, step, options, context);
        FcddTraining training = new(network, features, step.Features, learning.Training, learning.Validation, Layers, anomalies.Draw);
        context.Terminal.Progress("extracting features", progress =>
        {
            training.Standardise(f => progress.Report(f), context.Cancellation);
            return 0;
        });
        anomalous = anomalies.Labelled?.Pictures ?? [];
        Set("layers", $"{Backbone.Trunk.Layer2.Name}+{Backbone.Trunk.Layer3.Name}");
        Set("hidden", options.Hidden);
        Set("seed", options.Seed);
        foreach ((string name, string value) in anomalies.Described) Set(name, value);
        Train(network, learning, training.Loss, training.Validation(), context, anomalies.Digest);
    }

    public override void Export(string path, InputSpec input) => new FcddExport(Backbone.Trunk, network).Save(path);

    public override (Tensor Score, Tensor Map) Score(Tensor images)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        network.eval();
        Tensor map = network.Map(Layers(images), images.shape[1], images.shape[2]).cpu();
        return (FcddNetwork.Score(map).MoveToOuterDisposeScope(), map.MoveToOuterDisposeScope());
    }

    public override void Dispose()
    {
        trunk.Dispose();
        network.Dispose();
        base.Dispose();
    }

    private Tensor[] Layers(Tensor images)
    {
        (Tensor layer2, Tensor layer3) = trunk.Forward(images);
        return [layer2, layer3];
    }
}
