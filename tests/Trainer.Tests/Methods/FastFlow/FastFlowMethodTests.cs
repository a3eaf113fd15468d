using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Methods.Networks;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Networks;
using Edge.Training.Runs;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.FastFlow;

/// <summary>Whole runs on small pictures: stripes are normal, a dark square is not.</summary>
public sealed class FastFlowMethodTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void A_package_is_published_that_finds_the_defect_and_takes_another_size()
    {
        StripedParts.WriteData(folder);
        Package package = Train(Schedule).Package;
        Manifest m = package.Manifest;
        Assert.Equal(("fastflow", "edge18", false), (m.Method, m.Backbone.Name, m.Input.FixedSize));
        Assert.Equal(("14", "2", "6"), (m.Parameters["trainedOn"], m.Parameters["validatedOn"], m.Parameters["epochs"]));
        Assert.InRange(m.Parity.MaxRelativeMap, 0, m.Parity.Tolerance);
        Assert.Equal(1, m.Evaluation!.ImageAuroc);
        string[] curve = File.ReadAllLines(Path.Combine(package.Folder, "training.csv"));
        Assert.Equal(1 + 6, curve.Length);
        Assert.True(double.Parse(curve[^1].Split(',')[1]) < double.Parse(curve[1].Split(',')[1]), "the loss falls");
        using (AnomalyDetector detector = AnomalyDetector.Load(package)) detector.CheckGolden(package);

        using AnomalyDetector larger = AnomalyDetector.Load(package.ModelPath, 96, 80);
        float Score(string file)
        {
            ImageBuffer frame = new();
            ImageFile.Read(file, frame);
            new Preprocessor(new InputSpec { Width = 96, Height = 80 }).Apply(frame, larger.Input);
            return larger.Run();
        }
        Assert.True(Directory.EnumerateFiles(folder["data/test/square"]).Min(Score) > Directory.EnumerateFiles(folder["data/test/good"]).Max(Score));
    }

    [Fact]
    public void A_resumed_training_publishes_the_same_graph()
    {
        StripedParts.WriteData(folder);
        byte[] expected = File.ReadAllBytes(Train(Schedule with { Epochs = 3 }).Package.ModelPath);
        TrainingSchedule schedule = Schedule with { Epochs = 3, Checkpoint = folder["run.safetensors"] };
        StripedParts.InterruptAfterAnEpoch(schedule, source => Train(schedule, source));
        Assert.Equal(expected, File.ReadAllBytes(Train(schedule with { Resume = true }).Package.ModelPath));
        EdgeException e = Assert.Throws<EdgeException>(() => Train(schedule with { Resume = true, LearningRate = 1e-4 }));
        Assert.Contains("another run", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Real_pictures_score_the_same_in_onnx_runtime_and_torchsharp()
    {
        TrainingOptions options = new() { Data = TestPaths.Shared("datasets/print_aqa"), Name = "print", Models = folder["models"], Input = new InputSpec { Width = 128, Height = 160 } };
        Manifest m = Train(Schedule with { Quick = true }, options).Package.Manifest;   // refuses to publish above 1e-3
        Assert.Equal((16, 1e-3), (m.Parity.Images, m.Parity.Tolerance));
        Assert.InRange(m.Parity.MaxRelativeScore, 0, 2e-4);
        Assert.InRange(m.Parity.MaxRelativeMap, 0, 2e-4);
    }

    [Fact]
    public void Few_pictures_train_without_validation_and_a_quick_run_makes_a_few_steps()
    {
        for (int i = 0; i < 8; i++) StripedParts.Write(folder[$"few/{i}.png"], i, defect: false);
        Manifest m = Train(Schedule with { Quick = true }, data: "few", holdOut: 0.5).Package.Manifest;
        Assert.Equal(("4", "0", "1"), (m.Parameters["trainedOn"], m.Parameters["validatedOn"], m.Parameters["epochs"]));
    }

    [Fact]
    public void Nothing_of_a_step_outlives_it()
    {
        using DisposeScope scope = NewDisposeScope();
        Trunk trunk = Backbone.Load(null).Trunk;
        using TrunkNetwork backbone = new(trunk);
        using FlowNetwork network = new(trunk, new FastFlowOptions { Steps = 2 });
        using CachedFeatures features = new(backbone.Features, [.. Enumerable.Range(0, 8).Select(i => (FlowTests.Noise(i, 1, 64, 64, 3) * 30 + 120).to(uint8))]);
        FastFlowTraining training = new(network, features, (pictures, _) => features.Of(pictures), [0, 1, 2, 3, 4, 5], [6, 7], noise: 0.1, seed: 0);
        training.Standardise(_ => { }, TestContext.Current.CancellationToken);
        List<long> alive = [];   // tensors of this thread, at each validation
        new NetworkTraining(network, new TrainingSchedule { Epochs = 10, BatchSize = 2, Patience = 10 }, training.Loss, () =>
        {
            double loss = training.Validation!();
            alive.Add(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
            return loss;
        }, "").Run(6, new Terminal(said, interactive: false, TimeProvider.System), TestContext.Current.CancellationToken);
        Assert.All(alive[2..], count => Assert.Equal(alive[2], count));
        Assert.Equal(10, alive.Count);
    }

    [Theory]
    [InlineData("--method fastflow --coreset 0.1", "--coreset does not belong to --method fastflow")]
    [InlineData("--method patchcore --epochs 3", "--epochs does not belong to --method patchcore")]
    [InlineData("--method fastflow --resume", "--resume needs --checkpoint")]
    [InlineData("--method fastflow --batch 0", "--batch 0")]
    [InlineData("--method fastflow --flow-steps 0", "--flow-steps 0")]
    [InlineData("--method fastflow --scales 0", "--scales 0")]
    [InlineData("--method fastflow --scales 4", "--scales 4: ResNet-18 has 3 feature maps")]
    [InlineData("--method fastflow --hidden-ratio 9", "--hidden-ratio 9")]
    [InlineData("--method fastflow --learning-rate 2", "--learning-rate 2")]
    [InlineData("--method slowflow", "patchcore, fastflow, fcdd")]
    [InlineData("--method fcdd --flow-steps 3", "--flow-steps does not belong to --method fcdd")]
    [InlineData("--method fastflow --outliers o", "--outliers does not belong to --method fastflow")]
    [InlineData("--method fcdd --hidden 0", "--hidden 0")]
    [InlineData("--method fcdd --augment rotate", "--augment rotate is not understood")]
    [InlineData("--method fastflow --augment flip-horizontal,shift:0", "--augment shift:0")]
    [InlineData("--method patchcore --augment flip-horizontal", "--augment does not belong to --method patchcore")]
    public void What_does_not_fit_together_is_said(string arguments, string why)
    {
        ParseResult parsed = TrainCommand.Create().Parse($"--data d --name n --models m {arguments}");
        Assert.Empty(parsed.Errors);
        Assert.Contains(why, Assert.Throws<EdgeException>(() => MethodArguments.Create(parsed, 0, 0)).Message, StringComparison.Ordinal);
    }

    private static TrainingSchedule Schedule => new() { Epochs = 6, LearningRate = 2e-3, Patience = 6 };

    private TrainingResult Train(TrainingSchedule schedule, CancellationTokenSource? source = null, string data = "data", double holdOut = 0.2)
    {
        TrainingOptions options = new() { Data = folder[data], Name = "part", Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 }, HoldOut = holdOut };
        return Train(schedule, options, source);
    }

    private TrainingResult Train(TrainingSchedule schedule, TrainingOptions options, CancellationTokenSource? source = null)
    {
        using FastFlowMethod method = new(Backbone.Load(null), new FastFlowOptions { Steps = 2 }, schedule);
        return new TrainingRun(options, method, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, source?.Token ?? TestContext.Current.CancellationToken).Execute();
    }
}
