using System.Security.Cryptography;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Runs;
using TorchSharp;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>Whole runs on small pictures: what is published, and what is not.</summary>
public sealed class TrainingRunTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void A_package_is_published_that_opens_replays_and_says_what_was_done()
    {
        WriteData(normals: 20, test: true);
        TrainingResult result = Train(Options());
        Package package = PackageStore.OpenAny(folder["models/part"]);
        Manifest m = package.Manifest;
        Assert.Equal(result.Package.Folder, package.Folder);
        Assert.Equal(("part", 1, "patchcore", "edge18"), (m.Name, m.Version, m.Method, m.Backbone.Name));
        Assert.Equal((16, 4, 0, 0), (m.Dataset.Training, m.Dataset.Calibration, m.Dataset.Skipped, m.Dataset.Duplicates));
        Assert.Equal(16 * 64, int.Parse(m.Parameters["patchesSeen"]));
        Assert.Equal(16 * 64 / 10, int.Parse(m.Parameters["bankRows"]));
        Assert.InRange(m.Parity.MaxRelativeScore, 0, 1e-5);
        Assert.Equal(4 + 3, m.Parity.Images);
        Assert.Equal(1.0 / 5, m.Calibration.FalseRejectRate!.Value, 1e-12);
        Assert.Contains("can't promise", said.ToString(), StringComparison.Ordinal);
        Assert.Equal((5, 3), (m.Evaluation!.Normal, m.Evaluation.Anomalous));
        Assert.Equal(1, m.Evaluation.ImageAuroc);
        Assert.Equal(["0001.png", "0002.png", "0003.png", "0004.png", "0005.png", "0006.png"], package.Golden.Images.Select(i => i.File));
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(package.Folder, "report.html")), StringComparison.Ordinal);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
        Assert.Equal(2, Train(Options()).Package.Manifest.Version);
    }

    [Fact]
    public void The_same_seed_gives_the_same_graph_and_another_seed_another()
    {
        WriteData(normals: 20, test: false);
        string[] hashes = [.. new[] { 5, 5, 6 }.Select(seed => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(Train(Options(), seed).Package.ModelPath))))];
        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }

    [Fact]
    public void A_random_bank_has_as_many_rows_other_ones_and_the_score_without_reweighting_is_the_largest_distance()
    {
        WriteData(normals: 20, test: true);
        Package coreset = Train(Options()).Package, random = Train(Options(), new PatchCoreOptions { Sampling = BankSampling.Random, Reweighting = false });
        Assert.Equal(coreset.Manifest.Parameters["bankRows"], random.Manifest.Parameters["bankRows"]);
        Assert.Equal(("random", "off", "0"), (random.Manifest.Parameters["sampling"], random.Manifest.Parameters["reweighting"], random.Manifest.Parameters["neighbours"]));
        Assert.NotEqual(coreset.Manifest.Files["model.onnx"], random.Manifest.Files["model.onnx"]);
        Assert.Equal(random.Manifest.Files["model.onnx"], Train(Options(), new PatchCoreOptions { Sampling = BankSampling.Random, Reweighting = false }).Manifest.Files["model.onnx"]);
        using AnomalyDetector plain = AnomalyDetector.Load(random);
        foreach (GoldenImage golden in random.Golden.Images)
        {
            ImageBuffer picture = new();
            ImageFile.Read(random.GoldenPath(golden), picture);
            new Preprocessor(new InputSpec { Width = 64, Height = 64 }).Apply(picture, plain.Input);
            float score = plain.Run(), largest = plain.Map.ToArray().Max();
            Assert.True(score >= largest, $"smoothing can't raise the largest distance: {score} < {largest}");
        }
    }

    [Fact]
    public void A_damaged_picture_is_named_skipped_and_counted_and_strict_stops()
    {
        WriteData(normals: 30, test: false);
        string[] files = [.. Directory.EnumerateFiles(folder["data/train/good"]).Order()];
        foreach (string file in files[..3]) File.WriteAllBytes(file, File.ReadAllBytes(file).AsSpan(0, 300));
        TrainingResult result = Train(Options());
        Assert.Equal(3, result.Package.Manifest.Dataset.Skipped);
        Assert.Equal(27, result.Package.Manifest.Dataset.Training + result.Package.Manifest.Dataset.Calibration);
        foreach (string file in files[..3]) Assert.Single(result.Skipped, s => s.Path == file);
        Assert.Contains(Path.GetFileName(files[0]), said.ToString(), StringComparison.Ordinal);

        EdgeException e = Assert.Throws<EdgeException>(() => Train(Options() with { Strict = true, Name = "strict" }));
        Assert.Contains("--strict", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/strict"]));
    }

    [Fact]
    public void A_plain_folder_and_separate_calibration_pictures_hold_nothing_out()
    {
        for (int i = 0; i < 6; i++) Pictures.Write(folder[$"plain/{i}.png"], i, 80, 64);
        for (int i = 0; i < 9; i++) Pictures.Write(folder[$"more/{i}.png"], 100 + i, 80, 64);
        Manifest m = Train(Options() with { Data = folder["plain"], CalibrateOn = folder["more"], FalseRejectRate = 0.1 }).Package.Manifest;
        Assert.Equal((6, 9), (m.Dataset.Training, m.Dataset.Calibration));
        Assert.Null(m.Evaluation);
        Assert.Equal(0.1, m.Calibration.FalseRejectRate);
        Assert.Equal("separate pictures", m.Parameters["calibratedOn"]);
    }

    [Theory]
    [InlineData(60, "multiple of 8")]
    [InlineData(24, "at least 32")]
    public void A_size_the_method_cannot_take_is_refused_before_any_work(int size, string why)
    {
        TrainingOptions options = Options() with { Data = folder["absent"], Input = new InputSpec { Width = 64, Height = size } };
        Assert.Contains(why, Assert.Throws<EdgeException>(() => Train(options)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/part"]));
    }

    [Fact]
    public void Too_few_pictures_are_refused_before_any_work_and_nothing_is_left()
    {
        WriteData(normals: 20, test: false);
        EdgeException e = Assert.Throws<EdgeException>(() => Train(Options() with { FalseRejectRate = 0.01 }));
        Assert.Contains("hold out 99", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("features", said.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/part"]));
    }

    [Fact]
    public void Cancelling_leaves_nothing_half_written()
    {
        WriteData(normals: 20, test: true);
        using CancellationTokenSource source = new();
        using CancelWhenSaid writer = new("memory bank", source);
        using PatchCoreMethod method = Method(0);
        TrainingRun run = new(Options(), method, new Terminal(writer, interactive: false, TimeProvider.System), TimeProvider.System, source.Token);
        Assert.ThrowsAny<OperationCanceledException>(run.Execute);
        Assert.False(Directory.Exists(folder["models/part"]));
    }

    [Fact]
    public void A_graph_that_is_not_the_trained_model_is_not_published()
    {
        WriteData(normals: 20, test: false);
        using TwoModels method = new(Backbone.Load(null));
        EdgeException e = Assert.Throws<EdgeException>(() => Train(Options(), method));
        Assert.Contains("differs from the trained model", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/part"]));
    }

    private TrainingOptions Options() => new() { Data = folder["data"], Name = "part", Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 } };

    private static PatchCoreMethod Method(int seed) => new(Backbone.Load(null), new PatchCoreOptions { Seed = seed });

    private Package Train(TrainingOptions options, PatchCoreOptions patchCore)
    {
        using PatchCoreMethod method = new(Backbone.Load(null), patchCore.Check());
        return Train(options, method).Package;
    }

    private TrainingResult Train(TrainingOptions options, int seed = 0)
    {
        using PatchCoreMethod method = Method(seed);
        return Train(options, method);
    }

    private TrainingResult Train(TrainingOptions options, DetectionMethod method) =>
        new TrainingRun(options, method, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, TestContext.Current.CancellationToken).Execute();

    /// <summary>Normal: noise on gray. Anomalous: a bright square in it.</summary>
    private void WriteData(int normals, bool test)
    {
        for (int i = 0; i < normals; i++) WritePart(folder[$"data/train/good/{i:00}.png"], i, defect: false);
        if (!test) return;
        for (int i = 0; i < 5; i++) WritePart(folder[$"data/test/good/{i}.png"], 1000 + i, defect: false);
        for (int i = 0; i < 3; i++) WritePart(folder[$"data/test/square/{i}.png"], 2000 + i, defect: true);
    }

    private static void WritePart(string path, int seed, bool defect)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Random random = new(seed);
        byte[] pixels = new byte[80 * 64 * 3];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = defect && i / 3 % 80 is > 30 and < 50 && i / 240 is > 20 and < 40 ? (byte)250 : (byte)(110 + random.Next(16));
        ImageFile.WritePng(path, pixels, 80, 64, PixelFormat.Rgb24);
    }

    /// <summary>Exports one model and answers with another.</summary>
    private sealed class TwoModels(Backbone backbone) : DetectionMethod(backbone.Info)
    {
        private readonly PatchCoreMethod exported = new(backbone, new PatchCoreOptions { Seed = 1 }), answering = new(backbone, new PatchCoreOptions { Seed = 2 });

        public override string Name => "two-models";
        public override IReadOnlyDictionary<string, string> Parameters => exported.Parameters;
        public override void CheckInput(InputSpec input) => exported.CheckInput(input);
        public override void Export(string path, InputSpec input) => exported.Export(path, input);
        public override (torch.Tensor Score, torch.Tensor Map) Score(torch.Tensor images) => answering.Score(images);

        public override void Fit(IReadOnlyList<Picture> pictures, TrainingContext context)
        {
            exported.Fit(pictures, context);
            answering.Fit(pictures, context);
        }

        public override void Dispose()
        {
            exported.Dispose();
            answering.Dispose();
            base.Dispose();
        }
    }

    /// <summary>Cancels when a line says that a step is reached.</summary>
    private sealed class CancelWhenSaid(string words, CancellationTokenSource source) : StringWriter
    {
        public override void WriteLine(string? value)
        {
            if (value?.Contains(words, StringComparison.Ordinal) == true) source.Cancel();
            base.WriteLine(value);
        }
    }
}
