using Edge.Training;
using Edge.Training.Cli;
using Edge.Training.Distillation;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Benchmarks;

/// <summary>
/// Steps of EfficientAD's training (hard feature loss, penalty with its photograph, picture changed, dropout, clipped gradients, Adam) against the bare forward and
/// backward passes of the same networks on pictures of the same size. 256 px, the embedded teacher.
/// </summary>
internal static class EfficientAdBenchmark
{
    private const int Pictures = 4, Size = 256;

    public static void Run()
    {
        TorchRuntime.Start(threads: 0);
        using DisposeScope scope = NewDisposeScope();
        Terminal silent = new(TextWriter.Null, interactive: false, TimeProvider.System);
        string? folder = Environment.GetEnvironmentVariable("EDGE_PHOTOGRAPHS");
        Photographs? photographs = folder is null ? null : Photographs.Open(folder, silent, CancellationToken.None);
        using PatchDescriptionNetwork teacher = PatchDescriptionNetwork.Read(Teacher.Load(null).File);
        using EfficientAdNetwork network = new(teacher.Shape, Size, Size, seed: 0);
        Tensor[] images = [.. Enumerable.Range(0, Pictures).Select(_ => randint(0, 256, [1, Size, Size, 3], ScalarType.Byte))];
        using CachedFeatures features = new(x => [teacher.call(ImageTensor.Normalise(ImageTensor.Unit(x)))], images);
        EfficientAdTraining training = new(network, teacher, features, images, [.. Enumerable.Range(0, Pictures)], photographs, seed: 0);
        TrainingSchedule schedule = new() { Steps = Pictures, BatchSize = 1 };
        Ratio ratio = Paired.Measure(
            () => new NetworkTraining(network, schedule, training.Loss, null, "").Run(Pictures, silent, CancellationToken.None),
            () => Bare(network, teacher, images, photographs is not null), pairs: 9, warmUp: 1);
        Console.WriteLine($"efficientad {network.parameters().Sum(p => p.numel()):N0} parameters, {Pictures} steps, {(photographs is null ? "no " : "")}photographs (EDGE_PHOTOGRAPHS), {Environment.ProcessorCount} threads: training / forward and backward = {ratio}");
    }

    private static void Bare(EfficientAdNetwork network, PatchDescriptionNetwork teacher, Tensor[] images, bool penalty)
    {
        foreach (Tensor image in images)
        {
            using DisposeScope scope = NewDisposeScope();
            network.zero_grad();
            Tensor x = ImageTensor.Normalise(ImageTensor.Unit(image));
            using (no_grad()) teacher.call(x);
            Tensor sum = network.Local(x).square().mean() + network.Global(x).square().mean() + network.Autoencoder.call(x).square().mean();
            if (penalty) sum = sum + network.Local(x[.., .., ..(Size / 2), ..(Size / 2)]).square().mean();
            sum.backward();
        }
    }
}
