using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods.Networks;
using TorchSharp;
using TorchSharp.Modules;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Networks;

/// <summary>The loop around every trained network, on a network of twenty weights: a line through noisy points.</summary>
public sealed class NetworkTrainingTests : IDisposable
{
    private const int Pictures = 10;

    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();
    private readonly DisposeScope scope = NewDisposeScope();
    private readonly Tensor inputs, targets;

    public NetworkTrainingTests()
    {
        Random random = new(3);
        inputs = from_array(Enumerable.Range(0, Pictures * 4).Select(_ => random.NextSingle() - 0.5f).ToArray()).reshape(Pictures, 4);
        targets = inputs.sum(1, keepdim: true) * 3 + 1;
    }

    public void Dispose()
    {
        scope.Dispose();
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void It_learns_and_the_best_epoch_is_kept()
    {
        using Linear network = Network();
        double[] validation = [0.5, 0.3, 0.1, 0.2, 0.4, 0.3];
        List<float[]> after = [];
        int epoch = 0;
        Progressed progressed = Train(network, Schedule(6), validate: () =>
        {
            after.Add(Weights(network));
            return validation[epoch++];
        });
        Assert.Equal((3, 0.1), (progressed.BestEpoch, progressed.BestLoss));
        Assert.Equal(after[2], Weights(network));
        Assert.NotEqual(after[^1], Weights(network));
        Assert.Equal([1, 2, 3, 4, 5, 6], progressed.Epochs.Select(e => e.Epoch));
        Assert.Equal(validation, progressed.Epochs.Select(e => e.Validation!.Value));
        Assert.True(progressed.Epochs[^1].Loss < progressed.Epochs[0].Loss / 2);
    }

    [Fact]
    public void It_stops_when_nothing_gets_better()
    {
        using Linear network = Network();
        int epoch = 0;
        Progressed progressed = Train(network, Schedule(40), validate: () => ++epoch == 2 ? 0 : epoch);
        Assert.Equal(2, progressed.BestEpoch);
        Assert.Equal(2 + 10, progressed.Epochs.Count);   // a quarter of all
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_resumed_run_equals_an_uninterrupted_one_bit_by_bit(int interrupted)
    {
        using Linear whole = Network(), parts = Network();
        Progressed expected = Train(whole, Schedule(5));
        TrainingSchedule schedule = Schedule(5) with { Checkpoint = folder["run.safetensors"] };
        using CancellationTokenSource source = new();
        int steps = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => Train(parts, schedule, loss: (batch, _) =>
        {
            if (++steps == 4 * interrupted + 2) source.Cancel();   // in the middle of the next epoch
            return Loss(parts, batch);
        }, interrupt: source));
        using Linear fresh = Network();
        Progressed resumed = Train(fresh, schedule with { Resume = true });
        Assert.Contains($"resumed after epoch {interrupted}", said.ToString(), StringComparison.Ordinal);
        Assert.Equal(Weights(whole), Weights(fresh));
        Assert.Equal(expected.Epochs.Select(e => (e.Epoch, e.Loss, e.Validation)), resumed.Epochs.Select(e => (e.Epoch, e.Loss, e.Validation)));
        Assert.Equal((expected.BestEpoch, expected.BestLoss), (resumed.BestEpoch, resumed.BestLoss));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_loss_that_is_not_finite_ends_with_the_best_epoch_before(float bad)
    {
        using Linear expected = Network(), network = Network();
        Train(expected, Schedule(5) with { Epochs = 5 }, validate: () => 1);          // epoch 1 is the best
        int steps = 0;
        Progressed progressed = Train(network, Schedule(5), validate: () => 1, loss: (batch, _) => Loss(network, batch) * (++steps > 6 ? bad : 1));
        Assert.Equal((1, 1), (progressed.BestEpoch, progressed.Epochs.Count));
        Assert.Equal(Weights(expected), Weights(network));
        Assert.Contains("diverged in epoch 2", said.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gradient_that_is_not_finite_changes_nothing()
    {
        using Linear network = Network();
        float[] before = Weights(network);
        // √0 is finite, its slope is not.
        EdgeException e = Assert.Throws<EdgeException>(() => Train(network, Schedule(5), loss: (_, _) => (network.weight * 0).sum().sqrt()));
        Assert.Contains("--learning-rate", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, Weights(network));
    }

    [Fact]
    public void A_checkpoint_of_another_run_or_none_at_all_is_refused()
    {
        TrainingSchedule schedule = Schedule(2) with { Checkpoint = folder["run.safetensors"], Resume = true };
        using Linear network = Network();
        Assert.Contains("no checkpoint", Assert.Throws<EdgeException>(() => Train(network, schedule)).Message, StringComparison.Ordinal);
        Train(network, schedule with { Resume = false });
        Assert.Contains("another run", Assert.Throws<EdgeException>(() => Train(network, schedule, fingerprint: "other pictures")).Message, StringComparison.Ordinal);
        byte[] bytes = File.ReadAllBytes(schedule.Checkpoint!);
        File.WriteAllBytes(schedule.Checkpoint!, bytes[..^4]);
        Assert.Contains("truncated", Assert.Throws<EdgeException>(() => Train(network, schedule)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(schedule.Checkpoint!, SafetensorsFiles());
        Assert.Contains("not a checkpoint", Assert.Throws<EdgeException>(() => Train(network, schedule)).Message, StringComparison.Ordinal);
        Assert.Contains("--checkpoint", Assert.Throws<EdgeException>(() => (schedule with { Checkpoint = null }).Check()).Message, StringComparison.Ordinal);

        static byte[] SafetensorsFiles() => Backbones.SafetensorsFiles.Of("{}", []);
    }

    [Fact]
    public void The_learning_rate_warms_up_and_falls_along_a_cosine()
    {
        TrainingSchedule schedule = new() { LearningRate = 0.5 };
        Assert.Equal(0.5 / 6, schedule.Rate(0, 100), 1e-12);                              // 1 + 100 / 20 steps
        Assert.Equal(0.5 * (0.01 + 0.99 / 2), schedule.Rate(50, 100), 1e-12);
        Assert.InRange(schedule.Rate(99, 100), 0.005, 0.0055);
        Assert.Equal((4, 60), (schedule.StepsPerEpoch(16), schedule.EpochsFor(16)));     // 240 steps
        Assert.Equal((1, 10), ((schedule with { Quick = true }).EpochsFor(1000), (schedule with { Quick = true }).StepsPerEpoch(1000)));
    }

    [Fact]
    public void What_is_written_as_safetensors_is_read_again()
    {
        SafetensorsWriter.Write(folder["a/w.safetensors"], new Dictionary<string, string> { ["über"] = "\"x\"\n" }, [("a", [2, 1], [1.5f, -2]), ("b", [], [3])]);
        Safetensors file = Safetensors.Open(folder["a/w.safetensors"]);
        Assert.Equal("\"x\"\n", file.Metadata["über"]);
        Assert.Equal([1.5f, -2], file.Read("a", 2, 1));
        Assert.Equal([3], file.Read("b"));
        Assert.Single(Directory.EnumerateFiles(folder["a"]));
    }

    private static Linear Network()
    {
        Linear network = nn.Linear(4, 1);
        using IDisposable inference = no_grad();
        network.weight.fill_(0.1f);
        network.bias!.fill_(0);
        return network;
    }

    private static TrainingSchedule Schedule(int epochs) => new() { Epochs = epochs, BatchSize = 3, LearningRate = 0.3 };

    private Tensor Loss(Linear network, int[] batch)
    {
        Tensor indices = from_array(Array.ConvertAll(batch, i => (long)i));
        return nn.functional.mse_loss(network.call(inputs[indices]), targets[indices]);
    }

    private Progressed Train(
        Linear network, TrainingSchedule schedule, Func<int[], int, Tensor>? loss = null, Func<double>? validate = null, string fingerprint = "run", CancellationTokenSource? interrupt = null) =>
        new NetworkTraining(network, schedule, loss ?? ((batch, _) => Loss(network, batch)), validate ?? (() => Loss(network, [0, 5, 7]).item<float>()), fingerprint)
            .Run(Pictures, new Terminal(said, interactive: false, TimeProvider.System), interrupt?.Token ?? TestContext.Current.CancellationToken);

    private static float[] Weights(Linear network) => [.. network.weight.data<float>(), .. network.bias!.data<float>()];
}
