using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Onnx;
using Edge.Training.Runs;
using TorchSharp;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>More normal pictures in a package's memory bank, without its training pictures and its backbone.</summary>
public sealed class ExtensionTests : IDisposable
{
    private const int Side = 128;
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void Rows_are_added_the_graph_is_TorchSharps_and_the_pictures_are_known_afterwards()
    {
        Package first = Train(Copy("first", 0, 10)), second = Extend(first, Copy("second", 10, 30));
        MemoryBank before = Bank(first), after = Bank(second);
        Assert.Equal((1, 2), (first.Manifest.Version, new PackageStore(folder["models"]).Current("part")));
        Assert.Equal(before.Rows, after.Rows[..before.Rows.Length]);
        Assert.Equal(before.Centre, after.Centre);
        Assert.Equal(before.Count + 24 * 256 / 10, after.Count);                                   // 6 of 30 pictures are held out
        Manifest m = second.Manifest;
        Assert.Equal((1, "1", 10 + 24, 6), (m.Calibration.DerivedFrom, m.Parameters["extendedFrom"], m.Dataset.Training, m.Dataset.Calibration));
        Assert.Equal(($"{after.Count}", first.Manifest.Backbone), (m.Parameters["bankRows"], m.Backbone));
        Assert.True(m.Calibration.Threshold >= first.Manifest.Calibration.Threshold);
        Assert.Contains("new ones", m.Calibration.Promise, StringComparison.Ordinal);
        Assert.InRange(m.Parity.MaxRelativeScore, 0, 1e-5);
        // The whole of it, trunk included, in TorchSharp with the trunk's own file.
        using PatchCoreModel model = new(Backbone.Load(null).Trunk, after);
        using AnomalyDetector now = AnomalyDetector.Load(second), then = AnomalyDetector.Load(first);
        now.CheckGolden(second);
        using DisposeScope scope = torch.NewDisposeScope();
        foreach (string file in Directory.EnumerateFiles(folder["second"]).Order().Take(5))
        {
            float score = Score(now, file);
            (torch.Tensor expected, _) = model.Score(torch.tensor(now.Input.ToArray(), [1, Side, Side, 3]));
            Assert.Equal(expected.item<float>(), score, 1e-5f * score);
            Assert.True(score < Score(then, file), "a picture is nearer to a bank that it was added to");
        }
    }

    [Fact]
    public void A_reduced_bank_of_integers_is_extended_too()
    {
        Package second = Extend(Train(Copy("first", 0, 5), new PatchCoreOptions { Bank = BankStorage.Int8, Components = 40 }), Copy("second", 5, 5));
        MemoryBank bank = Bank(second);
        Assert.Equal((40, BankStorage.Int8), (bank.Dimension, bank.Storage));
        using PatchCoreModel model = new(Backbone.Load(null).Trunk, bank);
        using AnomalyDetector detector = AnomalyDetector.Load(second);
        detector.CheckGolden(second);
        using DisposeScope scope = torch.NewDisposeScope();
        float score = Score(detector, Directory.EnumerateFiles(folder["second"]).First());
        (torch.Tensor expected, _) = model.Score(torch.tensor(detector.Input.ToArray(), [1, Side, Side, 3]));
        Assert.Equal(expected.item<float>(), score, 1e-5f * score);
    }

    [Fact]
    public void A_package_is_extended_again_and_few_pictures_leave_the_threshold()
    {
        Package first = Train(Copy("first", 0, 10)), second = Extend(first, Copy("second", 10, 3)), third = Extend(second, Copy("third", 13, 2));
        Assert.Equal(first.Manifest.Calibration.Threshold, third.Manifest.Calibration.Threshold);
        Assert.Contains("Since then 3 normal pictures were added to version 1", second.Manifest.Calibration.Promise, StringComparison.Ordinal);
        Assert.Contains("the threshold stays", said.ToString(), StringComparison.Ordinal);
        Assert.Equal((3, 2, 15), (third.Manifest.Version, third.Manifest.Calibration.DerivedFrom, third.Manifest.Dataset.Training));
        Assert.Equal(Bank(second).Rows, Bank(third).Rows[..Bank(second).Rows.Length]);
        using AnomalyDetector detector = AnomalyDetector.Load(third);
        detector.CheckGolden(third);
    }

    [Fact]
    public void Separate_pictures_choose_the_threshold_and_the_memory_budget_is_kept()
    {
        Package first = Train(Copy("first", 0, 10));
        MemoryBank before = Bank(first);
        long budget = before.Bytes + 7 * MemoryBank.BytesPerRow(before.Dimension, 9, BankStorage.Float32) + 3;
        ExtensionOptions options = new() { Data = Copy("second", 10, 5), CalibrateOn = Copy("threshold", 20, 9), MemoryBytes = budget, FalseRejectRate = 0.1, SetCurrent = false };
        Manifest m = Run(first, options).Manifest;
        Assert.Equal(before.Count + 7, Bank(new PackageStore(folder["models"]).Open("part", 2)).Count);
        Assert.Equal((0.1, 5 + 10, 9), (m.Calibration.FalseRejectRate, m.Dataset.Training, m.Dataset.Calibration));
        Assert.Equal(1, new PackageStore(folder["models"]).Current("part"));
        Assert.Contains("allow no more", Assert.Throws<EdgeException>(() => Run(first, options with { MemoryBytes = before.Bytes })).Message, StringComparison.Ordinal);
        Assert.Contains("very pictures", Assert.Throws<EdgeException>(() => Run(first, options with { Data = folder["first"] })).Message, StringComparison.Ordinal);
        Assert.Contains("too few", Assert.Throws<EdgeException>(() => Run(first, options with { CalibrateOn = null })).Message, StringComparison.Ordinal);
        Assert.Equal(["1", "2", "current", "history.jsonl"], Directory.EnumerateFileSystemEntries(folder["models/part"]).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task The_command_extends_a_models_current_version()
    {
        Train(Copy("first", 0, 5));
        Assert.Equal(0, await CommandLine.RunAsync(new RootCommand { ExtendCommand.Create() }, ["extend", "--package", folder["models/part"], "--data", Copy("second", 5, 1)]));
        Assert.Equal(1, await CommandLine.RunAsync(new RootCommand { ExtendCommand.Create() }, ["extend", "--package", folder["models/part"], "--data", folder["nowhere"]]));
        Assert.Equal([1, 2], new PackageStore(folder["models"]).Versions("part"));
    }

    private string Copy(string name, int skip, int count)
    {
        Directory.CreateDirectory(folder[name]);
        foreach (string file in Directory.EnumerateFiles(TestPaths.Shared("datasets/dobot_cubes/train/good")).Order().Skip(skip).Take(count))
            File.Copy(file, Path.Combine(folder[name], Path.GetFileName(file)));
        return folder[name];
    }

    private Package Train(string data, PatchCoreOptions? patchCore = null)
    {
        using PatchCoreMethod method = new(Backbone.Load(null), patchCore ?? new PatchCoreOptions());
        TrainingOptions options = new() { Data = data, Name = "part", Models = folder["models"], Input = new InputSpec { Width = Side, Height = Side } };
        return new TrainingRun(options, method, Pictures.Quiet(), TimeProvider.System, TestContext.Current.CancellationToken).Execute().Package;
    }

    private Package Extend(Package package, string data) => Run(package, new ExtensionOptions { Data = data });

    private Package Run(Package package, ExtensionOptions options) =>
        new ExtensionRun(package, options, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, TestContext.Current.CancellationToken).Execute().Package;

    private static MemoryBank Bank(Package package) => BankGraph.Read(new GraphFile(package.ModelPath));

    private static float Score(AnomalyDetector detector, string file)
    {
        ImageBuffer frame = new();
        ImageFile.Read(file, frame);
        new Preprocessor(new InputSpec { Width = Side, Height = Side }).Apply(frame, detector.Input);
        return detector.Run();
    }
}
