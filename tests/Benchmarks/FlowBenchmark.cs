using Edge.Training;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Benchmarks;

/// <summary>
/// An epoch of FastFlow's training (noise, clipped gradients, Adam, best network kept) against the bare forward and backward passes of the same
/// network on the same features. 256 px, batches of 4.
/// </summary>
internal static class FlowBenchmark
{
    private const int Pictures = 16, Batch = 4, Size = 256;

    public static void Run()
    {
        TorchRuntime.Start(threads: 0);
        Trunk trunk = Backbone.Load(Environment.GetEnvironmentVariable("EDGE_BACKBONE")).Trunk;
        using DisposeScope scope = NewDisposeScope();
        using TrunkNetwork backbone = new(trunk);
        using FlowNetwork network = new(trunk, new FastFlowOptions());
        using CachedFeatures features = new(backbone.Features, [.. Enumerable.Range(0, Pictures).Select(_ => randint(0, 256, [1, Size, Size, 3], ScalarType.Byte))]);
        int[] all = [.. Enumerable.Range(0, Pictures)];
        FastFlowTraining training = new(network, features, (pictures, _) => features.Of(pictures), all, [], noise: 0.1, seed: 0);
        training.Standardise(_ => { }, CancellationToken.None);
        TrainingSchedule schedule = new() { Epochs = 1, BatchSize = Batch };
        Terminal silent = new(TextWriter.Null, interactive: false, TimeProvider.System);
        Ratio ratio = Paired.Measure(
            () => new NetworkTraining(network, schedule, training.Loss, null, "").Run(Pictures, silent, CancellationToken.None),
            () => Bare(network, features, all), pairs: 9, warmUp: 1);
        Console.WriteLine($"flow {network.parameters().Sum(p => p.numel()):N0} parameters, {Pictures / Batch} steps, {Environment.ProcessorCount} threads: training / forward and backward = {ratio}");
    }

    private static void Bare(FlowNetwork network, CachedFeatures features, int[] all)
    {
        foreach (int[] batch in all.Chunk(Batch))
        {
            using DisposeScope scope = NewDisposeScope();
            network.zero_grad();
            network.NegativeLogLikelihood(network.Normalise(features.Of(batch))).mean().backward();
        }
    }
}
