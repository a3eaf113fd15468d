using System.Security.Cryptography;
using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Runs;
using Xunit;

namespace Edge.Tests.Data;

public sealed class NearDuplicatesTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose()
    {
        folder.Dispose();
        said.Dispose();
    }

    [Fact]
    public void Near_duplicates_stay_on_one_side_and_those_of_pictures_kept_apart_are_left_out()
    {
        Picture[] normals = [.. Enumerable.Range(0, 24).Select(i => Write($"{i:00}", i)), Write("again", 3, brighter: 1), Write("tested", 5, brighter: 1)];
        NearDuplicates near = Find(normals, [Write("test", 5, brighter: 2)]);
        Assert.Equal((2, 2), (near.Grouped, near.LeftOut));   // 03 and again; 05, tested and test are one group
        Assert.Equal(normals.Select(p => p.Path).Where(p => !p.Contains("05", StringComparison.Ordinal) && !p.Contains("tested", StringComparison.Ordinal)), near.Normals.Select(p => p.Path));
        Assert.Contains("03.png ≈", said.ToString(), StringComparison.Ordinal);
        for (double share = 0.1; share < 0.9; share += 0.1)
        {
            Split split = Split.Of(near.Normals, share);
            Assert.DoesNotContain(split.Training.Select(p => p.Group), split.Calibration.Select(p => p.Group).Contains);
            Assert.Equal(near.Normals.Count, split.Training.Count + split.Calibration.Count);
            Assert.InRange(split.Calibration.Count, Math.Round(share * 24) - 1, Math.Round(share * 24));
        }
    }

    [Fact]
    public void A_part_that_never_moves_is_trained_on_all_the_same()
    {
        Picture[] normals = [.. Enumerable.Range(0, 10).Select(i => Write($"{i:00}", 7, i / 10.0))];
        NearDuplicates near = Find(normals, [Write("test", 7)]);
        Assert.Equal((10, 0), (near.Normals.Count, near.LeftOut));
        Assert.Contains("may flatter", said.ToString(), StringComparison.Ordinal);
        Split split = Split.Of(near.Normals, 0.2);
        Assert.Equal((8, 2), (split.Training.Count, split.Calibration.Count));
    }

    [Fact]
    public void The_package_says_what_was_found()
    {
        for (int i = 0; i < 10; i++) Write($"train/good/{i:00}", i);
        Write("train/good/again", 4, brighter: 1);
        TrainingOptions options = new() { Data = folder.Path, Name = "part", Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 } };
        using PatchCoreMethod method = new(Backbone.Load(null), new PatchCoreOptions { MaxPatches = 500 });
        TrainingResult result = new TrainingRun(options, method, Terminal(), TimeProvider.System, TestContext.Current.CancellationToken).Execute();
        Assert.Equal("1", result.Package.Manifest.Parameters["nearDuplicates"]);
        Assert.Contains("nearDuplicates", File.ReadAllText(Path.Combine(result.Package.Folder, "report.html")), StringComparison.Ordinal);
    }

    private NearDuplicates Find(IReadOnlyList<Picture> normals, IReadOnlyList<Picture> apart) => NearDuplicates.Find(normals, apart, Terminal(), TestContext.Current.CancellationToken);

    private Terminal Terminal() => new(said, interactive: false, TimeProvider.System);

    /// <param name="brighter">Gray levels: the part of all pixels that are one level brighter, and whole levels.</param>
    private Picture Write(string name, int content, double brighter = 0)
    {
        string path = folder[$"{name}.png"];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Random random = new(content), more = new(1);
        byte[] pixels = [.. Enumerable.Range(0, 24 * 16 * 3).Select(_ => (byte)(random.Next(20, 230) + Math.Floor(brighter + more.NextDouble() * 0.99)))];
        ImageFile.WritePng(path, pixels, 24, 16, PixelFormat.Rgb24);
        return new Picture(path, Picture.NormalLabel, null, Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))));
    }
}
