using Edge.Imaging;
using Edge.Training;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Fcdd;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Benchmarks;

/// <summary>Resident memory and live tensors during a long training of FastFlow and FCDD, epoch by epoch: flat after the first few. EDGE_EPOCHS, default 40.</summary>
internal static class MemoryBenchmark
{
    private const int Pictures = 16, Batch = 4, Size = 128, Lines = 8;

    public static void Run()
    {
        TorchRuntime.Start(threads: 0);
        Trunk trunk = Backbone.Load(Environment.GetEnvironmentVariable("EDGE_BACKBONE")).Trunk;
        using DisposeScope scope = NewDisposeScope();
        using TrunkNetwork backbone = new(trunk);
        int[] all = [.. Enumerable.Range(0, Pictures)];
        LearningPictures learning = new([.. all.Select(_ => randint(0, 256, [1, Size, Size, 3], ScalarType.Byte))], all, [], "");
        using (CachedFeatures features = new(backbone.Features, learning.Images))
        using (FlowNetwork network = new(trunk, new FastFlowOptions()))
        {
            StepPictures step = new(learning, features, backbone.Features, Augmentation.None, seed: 0);
            FastFlowTraining training = new(network, features, step.Features, all, all[..4], noise: 0.2, seed: 0);
            training.Standardise(_ => { }, CancellationToken.None);
            Train("fastflow", network, training.Loss, training.Validation!);
        }
        Tensor[] Layers(Tensor images) => backbone.Features(images)[^2..];
        using (CachedFeatures features = new(Layers, learning.Images))
        using (FcddNetwork network = new(trunk, new FcddOptions().Hidden, seed: 0))
        {
            StepPictures step = new(learning, features, Layers, Augmentation.Parse("flip-horizontal,shift:3"), seed: 0);
            TrainingContext context = new(new InputSpec { Width = Size, Height = Size }, false, [], Silent, CancellationToken.None);
            FcddTraining training = new(network, features, step.Features, all, all[..4], Layers, new AnomalySource(learning, step, new FcddOptions(), context).Draw);
            training.Standardise(_ => { }, CancellationToken.None);
            Train("fcdd, augmented", network, training.Loss, training.Validation()!);
        }
    }

    private static Terminal Silent => new(TextWriter.Null, interactive: false, TimeProvider.System);

    private static void Train(string name, nn.Module network, Func<int[], int, Tensor> loss, Func<double> validate)
    {
        int epochs = int.TryParse(Environment.GetEnvironmentVariable("EDGE_EPOCHS"), out int given) ? given : 40, epoch = 0;
        TrainingSchedule schedule = new() { Epochs = epochs, BatchSize = Batch, Patience = epochs };
        new NetworkTraining(network, schedule, loss, () =>
        {
            double value = validate();
            if (++epoch % Math.Max(1, epochs / Lines) == 0 || epoch == 1)
                Console.WriteLine($"{name}: epoch {epoch} of {epochs}, {epoch * Pictures / Batch} steps, resident {Environment.WorkingSet / 1048576.0:0.0} MiB, {DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount} live tensors");
            return value;
        }, "").Run(Pictures, Silent, CancellationToken.None);
    }
}
