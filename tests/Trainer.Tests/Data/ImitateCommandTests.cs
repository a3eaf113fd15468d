using System.Text.Json;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Data.Imitations;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Data;

public sealed class ImitateCommandTests : IDisposable
{
    private const int Width = 120, Height = 90;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Task<int> Run(params string[] args) => ImitateCommand.Create().Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false }, Ct);

    private string Normals(int count = 24)
    {
        for (int i = 0; i < count; i++) Pictures.Write(folder[$"parts/train/good/{i:00}.png"], i, Width, Height);
        Pictures.Write(folder["parts/test/good/0.png"], 1000, Width, Height);
        Pictures.Write(folder["parts/test/crack/0.png"], 1001, Width, Height);
        return folder["parts"];
    }

    [Fact]
    public async Task Only_training_pictures_are_used_and_the_mask_is_where_the_picture_changed()
    {
        Assert.Equal(0, await Run("--data", Normals(), "--out", folder["out"], "--per-kind", "10"));
        Dataset data = Dataset.OpenForTest(folder["out"], strict: true, Pictures.Quiet(), Ct);
        Assert.Equal((18, 6), (data.Train.Count, data.Test.Count(p => p.IsNormal)));
        Assert.Equal(Enum.GetNames<ImitatedKind>().Select(n => (n.ToLowerInvariant(), 10)).Order(), data.Test.Where(p => !p.IsNormal).GroupBy(p => p.Label).Select(g => (g.Key, g.Count())).Order());
        using JsonDocument index = JsonDocument.Parse(await File.ReadAllBytesAsync(folder["out/imitated.json"], Ct));
        foreach (JsonElement picture in index.RootElement.GetProperty("pictures").EnumerateArray())
        {
            string from = picture.GetProperty("from").GetString()!, file = picture.GetProperty("file").GetString()!;
            Assert.True(File.Exists(folder[$"out/test/good/{Path.GetFileName(from)}"]), $"{from} is trained on");
            using Mat before = Cv2.ImRead(folder[$"parts/{from}"]), after = Cv2.ImRead(folder[$"out/{file}"]);
            using Mat mask = Cv2.ImRead(folder[$"out/{file.Replace("test/", "ground_truth/", StringComparison.Ordinal).Replace(".png", "_mask.png", StringComparison.Ordinal)}"], ImreadModes.Unchanged);
            int marked = 0, largest = 0;
            for (int y = 0; y < Height; y++)
                for (int x = 0; x < Width; x++)
                {
                    (Vec3b a, Vec3b b) = (before.At<Vec3b>(y, x), after.At<Vec3b>(y, x));
                    int change = Enumerable.Range(0, 3).Max(c => Math.Abs(a[c] - b[c]));
                    largest = Math.Max(largest, change);
                    Assert.Equal(change >= 2 ? 255 : 0, mask.At<byte>(y, x));
                    if (change >= 2) marked++;
                }
            Assert.Equal(marked, picture.GetProperty("defectPixels").GetInt32());
            Assert.InRange(largest, 8, 255);
            Assert.True(marked < Width * Height / 2, $"{file} is more defect than part");
        }
    }

    [Fact]
    public async Task The_same_seed_draws_the_same()
    {
        Normals();
        string[] Written(string name) => [.. Directory.EnumerateFiles(folder[name], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{Path.GetRelativePath(folder[name], f)} {Convert.ToBase64String(File.ReadAllBytes(f))}")];
        foreach ((string name, string seed) in ((string, string)[])[("a", "0"), ("b", "0"), ("c", "1")])
            Assert.Equal(0, await Run("--data", folder["parts"], "--out", folder[name], "--seed", seed, "--kinds", "patch", "stain"));
        Assert.Equal(Written("a"), Written("b"));
        Assert.NotEqual(Written("a"), Written("c"));
        Assert.Equal(["good", "patch", "stain"], Directory.GetDirectories(folder["a/test"]).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Gray_and_16_bit_pictures_keep_their_pixels(bool wide, bool colour)
    {
        MatType type = (wide, colour) switch { (true, _) => MatType.CV_16UC1, (_, true) => MatType.CV_8UC3, _ => MatType.CV_8UC1 };
        foreach (ImitatedKind kind in Enum.GetValues<ImitatedKind>())
        {
            using Mat picture = new(Height, Width, type), other = new(Height, Width, type);
            Cv2.SetTheRNG(1);
            Cv2.Randu(picture, Scalar.All(0), Scalar.All(wide ? 65535 : 255));
            Cv2.Randu(other, Scalar.All(0), Scalar.All(wide ? 65535 : 255));
            using Mat before = picture.Clone();
            using Mat? mask = Imitation.Draw(kind, picture, other, new Random(3));
            Assert.NotNull(mask);
            Assert.Equal(type, picture.Type());
            using Mat same = new();
            Cv2.BitwiseNot(mask, same);
            using Mat difference = new();
            Cv2.Absdiff(before, picture, difference);
            using Mat outside = new();
            difference.CopyTo(outside, same);
            Assert.True(Cv2.Norm(outside, NormTypes.INF) <= (wide ? 514 : 1), $"{kind} changed pixels outside its mask");   // 2/255 of the range
        }
    }

    [Fact]
    public void A_smear_on_an_even_surface_is_nothing()
    {
        using Mat even = new(Height, Width, MatType.CV_8UC1, Scalar.All(90)), before = even.Clone();
        Assert.Null(Imitation.Draw(ImitatedKind.Smear, even, even, new Random(0)));
        Assert.Equal(0, Cv2.Norm(even, before, NormTypes.INF));
    }

    [Fact]
    public async Task Mistakes_are_said_and_leave_nothing()
    {
        Normals(1);
        Pictures.Write(folder["full/mine.png"], 1);
        async Task Says(string what, params string[] args) => Assert.Contains(what, (await Assert.ThrowsAsync<EdgeException>(() => Run(args))).Message, StringComparison.Ordinal);
        await Says("too few", "--data", folder["parts"], "--out", folder["out"]);
        await Says("not a share", "--data", folder["parts"], "--out", folder["out"], "--holdout", "1");
        await Says("not empty", "--data", folder["parts"], "--out", folder["full"]);
        await Says("does not exist", "--data", folder["absent"], "--out", folder["out"]);
        Assert.Equal(["full", "parts"], Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }
}
