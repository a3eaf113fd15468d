using Edge.Imaging;
using Edge.Training;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods;
using Edge.Training.Methods.Fcdd;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Benchmarks;

/// <summary>
/// An epoch of FCDD's training (confetti drawn, clipped gradients, Adam, best network kept) against the bare forward and backward passes of the same network: normal features as
/// they are, the trunk over as many anomalous pictures, the head's backward pass. 256 px, batches of 4 and 4.
/// </summary>
internal static class FcddBenchmark
{
    private const int Pictures = 16, Batch = 4, Size = 256;

    public static void Run()
    {
        TorchRuntime.Start(threads: 0);
        Trunk trunk = Backbone.Load(Environment.GetEnvironmentVariable("EDGE_BACKBONE")).Trunk;
        using DisposeScope scope = NewDisposeScope();
        using TrunkNetwork backbone = new(trunk);
        using FcddNetwork network = new(trunk, new FcddOptions().Hidden, seed: 0);
        Tensor[] Layers(Tensor images) => backbone.Features(images)[^2..];
        int[] all = [.. Enumerable.Range(0, Pictures)];
        Terminal silent = new(TextWriter.Null, interactive: false, TimeProvider.System);
        LearningPictures learning = new([.. all.Select(_ => randint(0, 256, [1, Size, Size, 3], ScalarType.Byte))], all, [], "");
        using CachedFeatures features = new(Layers, learning.Images);
        StepPictures step = new(learning, features, Layers, Augmentation.None, seed: 0);
        TrainingContext context = new(new InputSpec { Width = Size, Height = Size }, false, [], silent, CancellationToken.None);
        AnomalySource anomalies = new(learning, step, new FcddOptions(), context);
        FcddTraining training = new(network, features, step.Features, all, [], Layers, anomalies.Draw);
        training.Standardise(_ => { }, CancellationToken.None);
        AnomalyBatch[] drawn = [.. all.Chunk(Batch).Select((batch, i) => anomalies.Draw(batch, i))];
        TrainingSchedule schedule = new() { Epochs = 1, BatchSize = Batch };
        Ratio ratio = Paired.Measure(
            () => new NetworkTraining(network, schedule, training.Loss, null, "").Run(Pictures, silent, CancellationToken.None),
            () => Bare(network, features, Layers, all, drawn), pairs: 15, warmUp: 2);
        Console.WriteLine($"fcdd {network.parameters().Sum(p => p.numel()):N0} parameters, {Pictures / Batch} steps, {Environment.ProcessorCount} threads: training / forward and backward = {ratio}");
    }

    private static void Bare(FcddNetwork network, CachedFeatures features, Func<Tensor, Tensor[]> trunk, int[] all, AnomalyBatch[] drawn)
    {
        foreach ((int[] batch, AnomalyBatch anomalous) in all.Chunk(Batch).Zip(drawn))
        {
            using DisposeScope scope = NewDisposeScope();
            network.zero_grad();
            Tensor[] seen;
            using (no_grad()) seen = trunk(anomalous.Images);
            Tensor loss = FcddLoss.Normal(network.Map(features.Of(batch), Size, Size)) + FcddLoss.Anomalous(network.Map(seen, Size, Size), anomalous.Masks);
            loss.backward();
        }
    }
}
