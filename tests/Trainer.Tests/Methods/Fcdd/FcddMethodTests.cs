using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Tests.Methods.FastFlow;
using Edge.Tests.Methods.Networks;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods;
using Edge.Training.Methods.Fcdd;
using Edge.Training.Methods.Networks;
using Edge.Training.Runs;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Fcdd;

/// <summary>Whole runs on small pictures: stripes are normal, a dark square is not.</summary>
public sealed class FcddMethodTests : IDisposable
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
        Assert.Equal(("fcdd", "edge18", false), (m.Method, m.Backbone.Name, m.Input.FixedSize));
        Assert.Equal(("14", "2", "8", "confetti noise"), (m.Parameters["trainedOn"], m.Parameters["validatedOn"], m.Parameters["epochs"], m.Parameters["anomalies"]));
        Assert.InRange(m.Parity.MaxRelativeMap, 0, m.Parity.Tolerance);
        Assert.Equal(1, m.Evaluation!.ImageAuroc);
        string[] curve = File.ReadAllLines(Path.Combine(package.Folder, "training.csv"));
        Assert.True(double.Parse(curve[^1].Split(',')[1]) < double.Parse(curve[1].Split(',')[1]), "the loss falls");
        using (AnomalyDetector detector = AnomalyDetector.Load(package)) detector.CheckGolden(package);

        using AnomalyDetector larger = AnomalyDetector.Load(package.ModelPath, 96, 80);
        Assert.True(Scores(larger, "data/test/square").Min() > Scores(larger, "data/test/good").Max());
    }

    [Fact]
    public void A_resumed_training_publishes_the_same_graph()
    {
        StripedParts.WriteData(folder);
        WriteOutliers(6);
        FcddOptions options = new() { Hidden = 16, Outliers = folder["outliers"], Anomalies = folder["data"] };
        byte[] expected = File.ReadAllBytes(Train(Schedule with { Epochs = 3 }, options).Package.ModelPath);
        TrainingSchedule schedule = Schedule with { Epochs = 3, Checkpoint = folder["run.safetensors"] };
        StripedParts.InterruptAfterAnEpoch(schedule, source => Train(schedule, options, source));
        Assert.Equal(expected, File.ReadAllBytes(Train(schedule with { Resume = true }, options).Package.ModelPath));
        Assert.Contains("another run", Assert.Throws<EdgeException>(() => Train(schedule with { Resume = true }, options with { Outliers = null })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Confetti_and_augmentation_too_are_drawn_alike_by_a_resumed_training()
    {
        StripedParts.WriteData(folder);
        TrainingSchedule augmented = Schedule with { Epochs = 3, Augmentation = Augmentation.Parse("flip-vertical,brightness:5") };
        byte[] expected = File.ReadAllBytes(Train(augmented).Package.ModelPath);
        TrainingSchedule schedule = augmented with { Checkpoint = folder["run.safetensors"] };
        StripedParts.InterruptAfterAnEpoch(schedule, source => Train(schedule, source: source));
        Assert.Equal(expected, File.ReadAllBytes(Train(schedule with { Resume = true }).Package.ModelPath));
    }

    [Fact]
    public void Photographs_are_outliers_and_one_that_cannot_be_read_is_named_and_left_out()
    {
        StripedParts.WriteData(folder);
        WriteOutliers(25);
        File.WriteAllBytes(folder["outliers/00.png"], [1, 2, 3]);
        File.WriteAllBytes(folder["outliers/01.png"], File.ReadAllBytes(folder["outliers/02.png"])[..200]);
        FcddOptions options = new() { Hidden = 16, Outliers = folder["outliers"] };
        Manifest m = Train(Schedule, options).Package.Manifest;
        Assert.Equal("confetti noise and 25 outlier pictures", m.Parameters["anomalies"]);
        Assert.Equal(1, m.Evaluation!.ImageAuroc);
        Assert.Contains("skipped", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("01.png", said.ToString(), StringComparison.Ordinal);
        Assert.InRange(m.Dataset.Skipped, 1, 2);
        Assert.Contains("--strict", Assert.Throws<EdgeException>(() => Train(Schedule, options, strict: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Outliers_that_are_not_there_are_said_so()
    {
        StripedParts.WriteData(folder);
        Directory.CreateDirectory(folder["empty"]);
        Directory.CreateDirectory(folder["broken"]);
        File.WriteAllText(folder["broken/a.png"], "no picture");
        Assert.Contains("does not exist", Refused(new FcddOptions { Outliers = folder["absent"] }), StringComparison.Ordinal);
        Assert.Contains("holds no pictures", Refused(new FcddOptions { Outliers = folder["empty"] }), StringComparison.Ordinal);
        Assert.Contains("can be read", Refused(new FcddOptions { Outliers = folder["broken"] }), StringComparison.Ordinal);
        Assert.Contains("does not exist", Refused(new FcddOptions { Anomalies = folder["absent"] }), StringComparison.Ordinal);
        Assert.Contains("no anomalous pictures", Refused(new FcddOptions { Anomalies = folder["empty"] }), StringComparison.Ordinal);
        Assert.Contains("can be read", Refused(new FcddOptions { Anomalies = folder["broken"] }), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/part"]));
    }

    [Fact]
    public void Labelled_anomalies_are_learned_from_with_their_masks_and_not_tested_on()
    {
        StripedParts.WriteData(folder);
        for (int i = 0; i < 4; i++) StripedParts.Write(folder[$"known/test/square/{i}.png"], 2000 + i + (i < 3 ? 100 : 0), defect: true);   // 3.png is a test picture
        for (int i = 0; i < 2; i++) Pictures.WriteMask(folder[$"known/ground_truth/square/{i}_mask.png"], 80, 64, StripedParts.IsDefect);
        Pictures.WriteMask(folder["known/ground_truth/square/2_mask.png"], 64, 80, StripedParts.IsDefect);
        Package package = Train(Schedule, new FcddOptions { Hidden = 32, Anomalies = folder["known"] }).Package;
        Assert.Equal("4, 2 with masks", package.Manifest.Parameters["labelledAnomalies"]);
        Assert.Equal((3, 4), (package.Manifest.Evaluation!.Anomalous, package.Manifest.Evaluation.Normal));
        Assert.Contains("2_mask.png: the mask is 64×80, its picture 80×64", said.ToString(), StringComparison.Ordinal);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        Scores(detector, "data/test/square");
        float[] map = detector.Map.ToArray();
        Assert.True(map[32 * 64 + 30] > 3 * map[56 * 64 + 6], "the map is high on the square");   // 80 × 64 at 64 × 64
        Assert.Contains("--strict", Assert.Throws<EdgeException>(() => Train(Schedule, new FcddOptions { Anomalies = folder["known"] }, strict: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Real_pictures_score_the_same_in_onnx_runtime_and_torchsharp_and_defects_higher()
    {
        TrainingOptions options = new() { Data = TestPaths.Shared("datasets/print_aqa"), Name = "print", Models = folder["models"], Input = new InputSpec { Width = 128, Height = 160 } };
        Manifest m = Train(Schedule with { Epochs = 4 }, new FcddOptions(), options).Package.Manifest;
        Assert.Equal((16, 1e-3), (m.Parity.Images, m.Parity.Tolerance));
        Assert.InRange(m.Parity.MaxRelativeScore, 0, 2e-4);
        Assert.InRange(m.Parity.MaxRelativeMap, 0, 2e-4);
        Assert.True(m.Evaluation!.ImageAuroc > 0.9, $"{m.Evaluation.ImageAuroc}");
    }

    [Fact]
    public void Nothing_of_a_step_outlives_it()
    {
        using DisposeScope scope = NewDisposeScope();
        Trunk weights = Backbone.Load(null).Trunk;
        using TrunkNetwork trunk = new(weights);
        using FcddNetwork network = new(weights, 16, 0);
        Tensor[] Layers(Tensor images) => trunk.Features(images)[^2..];
        LearningPictures learning = new([.. Enumerable.Range(0, 8).Select(i => (FlowTests.Noise(i, 1, 64, 64, 3) * 30 + 120).to(uint8))], [0, 1, 2, 3, 4, 5], [6, 7], "");
        TrainingContext context = new(new InputSpec { Width = 64, Height = 64 }, false, [], new Terminal(said, interactive: false, TimeProvider.System), TestContext.Current.CancellationToken);
        using CachedFeatures features = new(Layers, learning.Images);
        StepPictures step = new(learning, features, Layers, new Augmentation(FlipHorizontal: true, Shift: 3), seed: 0);
        FcddTraining training = new(network, features, step.Features, learning.Training, learning.Validation, Layers, new AnomalySource(learning, step, new FcddOptions(), context).Draw);
        training.Standardise(_ => { }, context.Cancellation);
        Func<double> validate = training.Validation()!;
        List<long> alive = [];   // tensors of this thread, at each validation
        new NetworkTraining(network, new TrainingSchedule { Epochs = 10, BatchSize = 2, Patience = 10 }, training.Loss, () =>
        {
            double loss = validate();
            alive.Add(DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
            return loss;
        }, "").Run(6, context.Terminal, context.Cancellation);
        Assert.All(alive[2..], count => Assert.Equal(alive[2], count));
        Assert.Equal(10, alive.Count);
    }

    private static TrainingSchedule Schedule => new() { Epochs = 8, LearningRate = 3e-3, Patience = 8 };

    private string Refused(FcddOptions options) => Assert.Throws<EdgeException>(() => Train(Schedule, options)).Message;

    private TrainingResult Train(TrainingSchedule schedule, FcddOptions? options = null, CancellationTokenSource? source = null, bool strict = false)
    {
        TrainingOptions run = new() { Data = folder["data"], Name = "part", Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 }, Strict = strict };
        return Train(schedule, options ?? new FcddOptions { Hidden = 16 }, run, source);
    }

    private TrainingResult Train(TrainingSchedule schedule, FcddOptions options, TrainingOptions run, CancellationTokenSource? source = null)
    {
        using FcddMethod method = new(Backbone.Load(null), options, schedule);
        return new TrainingRun(run, method, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, source?.Token ?? TestContext.Current.CancellationToken).Execute();
    }

    private float[] Scores(AnomalyDetector detector, string pictures)
    {
        Preprocessor preprocessor = new(new InputSpec { Width = detector.Width, Height = detector.Height });
        ImageBuffer frame = new();
        return [.. Directory.EnumerateFiles(folder[pictures]).Order().Select(file =>
        {
            ImageFile.Read(file, frame);
            preprocessor.Apply(frame, detector.Input);
            return detector.Run();
        })];
    }

    private void WriteOutliers(int count)
    {
        for (int i = 0; i < count; i++) Pictures.Write(folder[$"outliers/{i:00}.png"], i, 50, 40);
    }
}
