using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Methods.Networks;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Distillation;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.Networks;
using Edge.Training.Runs;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.EfficientAd;

/// <summary>Whole runs on small pictures with a small teacher of random weights: stripes are normal, a dark square is not.</summary>
public sealed class EfficientAdMethodTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public EfficientAdMethodTests()
    {
        using PatchDescriptionNetwork network = new(PdnShape.Of("small", 1.0 / 16), new Random(5));
        SafetensorsWriter.Write(folder["teacher.safetensors"], new Dictionary<string, string>(), [.. network.Tensors().Select(t => (t.Name, t.Tensor.shape, t.Tensor.detach().data<float>().ToArray()))]);
    }

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void A_package_is_published_that_finds_the_defect()
    {
        StripedParts.WriteData(folder);
        Package package = Train(Schedule(120)).Package;
        Manifest m = package.Manifest;
        Assert.Equal(("efficientad", "teacher", true), (m.Method, m.Backbone.Name, m.Input.FixedSize));
        Assert.Equal(("14", "2", "120", "none"), (m.Parameters["trainedOn"], m.Parameters["normalisedOn"], m.Parameters["steps"], m.Parameters["penalty"]));
        Assert.Equal(1e-3, m.Parity.Tolerance);
        Assert.InRange(m.Parity.MaxRelativeMap, 0, 2e-4);
        Assert.Equal(1, m.Evaluation!.ImageAuroc);
        Assert.Contains("without --photographs", said.ToString(), StringComparison.Ordinal);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
        Assert.ThrowsAny<Exception>(() => AnomalyDetector.Load(package.ModelPath, 96, 96));   // another size than it was trained on
    }

    [Fact]
    public void A_resumed_training_publishes_the_same_graph()
    {
        StripedParts.WriteData(folder);
        byte[] expected = File.ReadAllBytes(Train(Schedule(20), photographs: "data/train/good").Package.ModelPath);
        TrainingSchedule schedule = Schedule(20) with { Checkpoint = folder["run.safetensors"] };
        StripedParts.InterruptAfterAnEpoch(schedule, source => Train(schedule, source, photographs: "data/train/good"));
        Assert.Equal(expected, File.ReadAllBytes(Train(schedule with { Resume = true }, photographs: "data/train/good").Package.ModelPath));
        Assert.Contains("another run", Assert.Throws<EdgeException>(() => Train(schedule with { Resume = true })).Message, StringComparison.Ordinal);   // without photographs
    }

    [Fact]
    public void The_penalty_keeps_the_student_down_on_photographs()
    {
        StripedParts.WriteData(folder);
        Photographs photographs = Photographs.Open(folder["data/test/square"], Silent, TestContext.Current.CancellationToken);
        float[] outputs = [.. new[] { null, photographs }.Select(p =>
        {
            using DisposeScope scope = NewDisposeScope();
            using PatchDescriptionNetwork teacher = PatchDescriptionNetwork.Read(Safetensors.Open(folder["teacher.safetensors"]));
            using EfficientAdNetwork network = new(teacher.Shape, 64, 64, seed: 0);
            Tensor[] images = [.. Enumerable.Range(0, 4).Select(i => (rand(1, 64, 64, 3) * 255).to(uint8))];
            using CachedFeatures features = new(x => [teacher.call(ImageTensor.Normalise(ImageTensor.Unit(x)))], images);
            EfficientAdTraining training = new(network, teacher, features, images, [0, 1, 2, 3], p, seed: 0);
            new NetworkTraining(network, Schedule(60), training.Loss, null, "").Run(4, Silent, TestContext.Current.CancellationToken);
            byte[] crop = photographs.Crop(photographs.Pictures[0], 64, new Random(9));
            return network.Local(ImageTensor.Normalise(ImageTensor.Unit(from_array(crop).reshape(1, 64, 64, 3)))).square().mean().item<float>();
        })];
        Assert.True(outputs[1] < 0.7 * outputs[0], $"{outputs[1]} with, {outputs[0]} without");
    }

    [Fact]
    public void Nothing_of_a_step_outlives_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using PatchDescriptionNetwork teacher = PatchDescriptionNetwork.Read(Safetensors.Open(folder["teacher.safetensors"]));
        using EfficientAdNetwork network = new(teacher.Shape, 64, 64, seed: 0);
        Tensor[] images = [.. Enumerable.Range(0, 4).Select(i => (rand(1, 64, 64, 3) * 255).to(uint8))];
        using CachedFeatures features = new(x => [teacher.call(ImageTensor.Normalise(ImageTensor.Unit(x)))], images);
        EfficientAdTraining training = new(network, teacher, features, images, [0, 1, 2, 3], null, seed: 0);
        List<long> alive = [];   // tensors of this thread, at the start of each step
        new NetworkTraining(network, Schedule(24), (batch, step) =>
        {
            if (step % 4 == 0) alive.Add(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
            return training.Loss(batch, step);
        }, null, "").Run(4, Silent, TestContext.Current.CancellationToken);
        Assert.Equal(6, alive.Count);
        Assert.All(alive[2..], count => Assert.Equal(alive[2], count));
    }

    [Fact]
    public void Graph_and_torch_agree_on_real_pictures_in_a_batch_too_and_the_checker_accepts_it()
    {
        TrainingOptions options = Options(TestPaths.Shared("datasets/print_aqa")) with { Input = new InputSpec { Width = 96, Height = 128 } };
        Package package = Train(Schedule(10) with { Quick = true }, options);
        Assert.InRange(package.Manifest.Parity.MaxRelativeScore, 0, 1e-3);
        Assert.InRange(package.Manifest.Parity.MaxRelativeMap, 0, 2e-4);
        using InferenceSession session = new(package.ModelPath);
        byte[] pixels = new byte[3 * 96 * 128 * 3];
        new Random(4).NextBytes(pixels);
        (float[] scores, float[] maps) = Run(session, pixels, 3);
        for (int i = 0; i < 3; i++)
        {
            (float[] score, float[] map) = Run(session, pixels[(i * pixels.Length / 3)..((i + 1) * pixels.Length / 3)], 1);
            Assert.Equal(score[0], scores[i], 1e-4f * Math.Abs(score[0]));
            Assert.Equal(score[0], map.Max());
            for (int k = 0; k < map.Length; k++) Assert.Equal(map[k], maps[i * map.Length + k], 1e-4f * Math.Abs(score[0]));
        }
        string output = Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            print([(o.name, [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]) for o in [*model.graph.input, *model.graph.output]])
            """, "onnx", package.ModelPath);
        Assert.Equal("[('image', ['N', 128, 96, 3]), ('image_score', ['N']), ('anomaly_map', ['N', 128, 96])]", output.Trim());

        static (float[] Scores, float[] Maps) Run(InferenceSession session, byte[] pixels, int count)
        {
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [count, 128, 96, 3]);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["image"], [image], ["image_score", "anomaly_map"]);
            return (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
        }
    }

    [Theory]
    [InlineData("--method efficientad", "--accept-patent-notice")]
    [InlineData("--method efficientad --accept-patent-notice --coreset 0.1", "--coreset does not belong")]
    [InlineData("--method efficientad --accept-patent-notice --backbone x", "--backbone does not belong")]
    [InlineData("--method efficientad --accept-patent-notice --batch 4", "--batch does not belong")]
    [InlineData("--method patchcore --steps 10", "--steps does not belong")]
    [InlineData("--method fastflow --teacher x", "--teacher does not belong")]
    [InlineData("--method efficientad --accept-patent-notice --teacher nowhere.safetensors", "nowhere.safetensors does not exist")]
    [InlineData("--method efficientad --accept-patent-notice --steps 0", "--steps 0")]
    [InlineData("--method efficientad --accept-patent-notice --resume", "--resume needs --checkpoint")]
    public void Bad_input_is_said(string arguments, string why)
    {
        ParseResult parsed = TrainCommand.Create().Parse($"--data d --name n --models m {arguments}");
        Assert.Empty(parsed.Errors);
        Assert.Contains(why, Assert.Throws<EdgeException>(() => MethodArguments.Create(parsed, 0, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_size_or_a_teacher_that_does_not_fit_is_refused()
    {
        using EfficientAdMethod method = new(Teacher.Load(null), new EfficientAdOptions(), Schedule(1));
        Assert.Contains("--size 96", Assert.Throws<EdgeException>(() => method.CheckInput(new InputSpec { Width = 100, Height = 96 })).Message, StringComparison.Ordinal);
        Assert.Contains("--size 64", Assert.Throws<EdgeException>(() => method.CheckInput(new InputSpec { Width = 32, Height = 32 })).Message, StringComparison.Ordinal);
        SafetensorsWriter.Write(folder["no.safetensors"], new Dictionary<string, string>(), [("conv1.weight", [1, 3, 7, 7], new float[147])]);
        Assert.Contains("no.safetensors is refused", Assert.Throws<EdgeException>(() => Teacher.Load(folder["no.safetensors"])).Message, StringComparison.Ordinal);
    }

    private Terminal Silent => new(said, interactive: false, TimeProvider.System);

    private static TrainingSchedule Schedule(int steps) => new() { Steps = steps, EpochSteps = 6, BatchSize = 1, LearningRate = 2e-3 };

    private TrainingOptions Options(string data) => new() { Data = data, Name = "part", Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 } };

    private TrainingResult Train(TrainingSchedule schedule, CancellationTokenSource? source = null, string? photographs = null)
    {
        using EfficientAdMethod method = new(Teacher.Load(folder["teacher.safetensors"]), new EfficientAdOptions { Photographs = photographs is null ? null : folder[photographs] }, schedule.Check());
        return new TrainingRun(Options(folder["data"]), method, Silent, TimeProvider.System, source?.Token ?? TestContext.Current.CancellationToken).Execute();
    }

    private Package Train(TrainingSchedule schedule, TrainingOptions options)
    {
        using EfficientAdMethod method = new(Teacher.Load(folder["teacher.safetensors"]), new EfficientAdOptions(), schedule.Check());
        return new TrainingRun(options, method, Silent, TimeProvider.System, TestContext.Current.CancellationToken).Execute().Package;
    }
}
