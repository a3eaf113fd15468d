using System.CommandLine;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Distillation;
using Edge.Training.Methods.EfficientAd;
using Edge.Training.Methods.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Distillation;

/// <summary>Small networks learn from the embedded trunk on pictures of noise and stripes.</summary>
public sealed class DistillTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();
    private readonly Backbone teacher = Backbone.Load(null);

    public DistillTests()
    {
        for (int i = 0; i < 12; i++) WritePhotograph(folder[$"photographs/{i:00}.png"], i);
    }

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Theory]
    [InlineData("pdn")]
    [InlineData("edge18")]
    public void It_learns_and_the_file_tells_where_it_came_from(string student)
    {
        double untrained = Run(student, Schedule(1) with { LearningRate = 1e-9 }), loss = Run(student, Schedule(40));
        Safetensors file = Safetensors.Open(folder["out.safetensors"]);
        Assert.InRange(loss, 0.01 * untrained, 0.8 * untrained);
        Assert.Equal((teacher.Info.Sha256, "12", "40", "7"), (file.Metadata["teacherSha256"], file.Metadata["photographs"], file.Metadata["steps"], file.Metadata["seed"]));
        Assert.Equal(64, file.Metadata["photographsDigest"].Length);
        if (student == "pdn")
        {
            using PatchDescriptionNetwork network = PatchDescriptionNetwork.Read(file);
            Assert.Equal([8, 16, 16, 24], network.Shape.Layers.Select(l => l.Out));
        }
        else
        {
            using DisposeScope scope = NewDisposeScope();
            using TrunkNetwork trunk = new(Backbone.Load(folder["out.safetensors"]).Trunk);
            (Tensor layer2, Tensor layer3) = trunk.Forward(zeros(1, 64, 64, 3, ScalarType.Byte));
            Assert.Equal((64, 128), (layer2.shape[1], layer3.shape[1]));
        }
    }

    [Theory]
    [InlineData("pdn")]
    [InlineData("edge18")]
    public void A_resumed_run_writes_the_same_weights_byte_by_byte(string student)
    {
        Run(student, Schedule(6));
        Safetensors whole = Safetensors.Open(folder["out.safetensors"]);
        TrainingSchedule schedule = Schedule(6) with { Checkpoint = folder["run.safetensors"] };
        using CancellationTokenSource source = new();
        using FileSystemWatcher watcher = new(folder.Path, "run.safetensors");
        watcher.Renamed += (_, _) => source.Cancel();   // an epoch is on the disk
        watcher.EnableRaisingEvents = true;
        try
        {
            Run(student, schedule, source.Token);
        }
        catch (OperationCanceledException)
        {
        }
        Run(student, schedule with { Resume = true });
        Safetensors resumed = Safetensors.Open(folder["out.safetensors"]);
        Assert.Equal(whole.Metadata["heldOutLoss"], resumed.Metadata["heldOutLoss"]);
        foreach ((string name, long[] shape, _) in Network(student).Weights()) Assert.Equal(whole.Read(name, shape), resumed.Read(name, shape));
        Assert.Contains("another run", Assert.Throws<EdgeException>(() => Run(student, schedule with { Resume = true, Steps = 7 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_written_is_what_learned_with_the_norms_folded_in()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable inference = no_grad();
        using TrunkNetwork trunk = new(teacher.Trunk);
        using DistilledNetwork network = Network("pdn");
        Tensor crops = (rand(6, 64, 64, 3) * 255).to(uint8);
        network.Standardise(trunk, [crops]);
        network.train();
        for (int i = 0; i < 5; i++) network.Loss(trunk, crops);   // moves the running statistics
        network.eval();
        SafetensorsWriter.Write(folder["w.safetensors"], new Dictionary<string, string>(), network.Weights());
        using PatchDescriptionNetwork written = PatchDescriptionNetwork.Read(Safetensors.Open(folder["w.safetensors"]));
        Tensor output = written.call(nn.functional.avg_pool2d(ImageTensor.Normalise(ImageTensor.Unit(crops)), 2));
        Tensor target = network.Targets(trunk, crops)[0];
        Tensor standardised = (target - target.mean([0, 2, 3], keepdim: true)) / (target.var([0, 2, 3], unbiased: false, keepdim: true)).sqrt();
        Assert.Equal([6, 24, 8, 8], output.shape);
        Assert.Equal(nn.functional.mse_loss(output, standardised).item<float>(), network.Loss(trunk, crops).item<float>(), 1e-4f);
    }

    [Fact]
    public void A_limit_in_time_ends_a_run_that_has_no_other_end()
    {
        double loss = Run("pdn", Schedule(null) with { Limit = TimeSpan.FromSeconds(1) });
        Assert.True(double.IsFinite(loss));
        Assert.True(int.Parse(Safetensors.Open(folder["out.safetensors"]).Metadata["steps"], System.Globalization.CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public void Crops_depend_on_the_seed_alone_and_some_are_gray()
    {
        Photographs photographs = Photographs.Open(folder["photographs"], Silent, TestContext.Current.CancellationToken);
        Assert.Equal(12, photographs.Pictures.Count);
        byte[][] crops = [.. Enumerable.Range(0, 40).Select(seed => photographs.Crop(photographs.Pictures[3], 32, new Random(seed)))];
        Assert.Equal(crops[5], photographs.Crop(photographs.Pictures[3], 32, new Random(5)));
        Assert.Equal(40, crops.Select(Convert.ToHexString).Distinct().Count());
        int gray = crops.Count(c => Enumerable.Range(0, 1024).All(i => c[3 * i] == c[3 * i + 1] && c[3 * i] == c[3 * i + 2]));
        Assert.InRange(gray, 5, 25);   // 35 % of 40
    }

    [Fact]
    public void A_damaged_photograph_is_left_out_before_the_training()
    {
        File.WriteAllBytes(folder["photographs/99.png"], File.ReadAllBytes(folder["photographs/00.png"])[..500]);
        Assert.Equal(12, Photographs.Open(folder["photographs"], Silent, TestContext.Current.CancellationToken).Pictures.Count);
        Assert.Contains("99.png", said.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--photographs nowhere --out x", "nowhere")]
    [InlineData("--photographs p --out x --crop 50", "--crop 50")]
    [InlineData("--photographs p --out x --steps 5 --minutes 5", "exclude each other")]
    [InlineData("--photographs p --out x --resume", "--resume needs --checkpoint")]
    [InlineData("--photographs p --out x --width 3", "--width 3")]
    [InlineData("--photographs p --out x --student resnet", "pdn, edge18")]
    [InlineData("--photographs p --out x --student edge18 --width 1", "do not belong to --student edge18")]
    public void Bad_input_is_said(string arguments, string why)
    {
        ParseResult parsed = DistillCommand.Create().Parse(arguments);
        Assert.Empty(parsed.Errors);
        EdgeException e = Assert.Throws<EdgeException>(() => parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false }));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists("x"));
    }

    private Terminal Silent => new(said, interactive: false, TimeProvider.System);

    private static TrainingSchedule Schedule(int? steps) => new() { Steps = steps, EpochSteps = 2, BatchSize = 4, LearningRate = 5e-3, Patience = 100, Seed = 7 };

    private DistilledNetwork Network(string student) =>
        student == "pdn" ? new DistilledPdn(PdnShape.Of("small", 1.0 / 16), seed: 7) : new DistilledTrunk(teacher.Trunk, seed: 7);

    private double Run(string student, TrainingSchedule schedule, CancellationToken? ct = null)
    {
        using TrunkNetwork trunk = new(teacher.Trunk);
        using DistilledNetwork network = Network(student);
        DistillOptions options = new() { Photographs = folder["photographs"], Out = folder["out.safetensors"], Crop = 32, Seed = 7 };
        return new DistillRun(options, schedule.Check(), teacher.Info, trunk, network, Silent, TimeProvider.System, ct ?? TestContext.Current.CancellationToken).Execute();
    }

    private static void WritePhotograph(string path, int seed)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Random random = new(seed);
        byte[] pixels = new byte[96 * 80 * 3];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(110 + 90 * Math.Sin(i / 3 % 96 * 0.1 + i / 288 * 0.2 + seed) + random.Next(20 + 10 * (i % 3)));
        ImageFile.WritePng(path, pixels, 96, 80, PixelFormat.Rgb24);
    }
}
