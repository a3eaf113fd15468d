using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Cli;
using OpenCvSharp;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>Trained on tiles, inspected as whole frames.</summary>
public sealed class TilingTests : IDisposable
{
    private const int Width = 160, Height = 112, Tile = 64;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    private void Write(string name, int seed, bool spot)
    {
        Random random = new(seed);
        byte[] noise = [.. Enumerable.Range(0, Width * Height * 3).Select(_ => (byte)random.Next(105, 136))];
        using Mat picture = Mat.FromPixelData(Height, Width, MatType.CV_8UC3, noise);
        for (int x = 0; x < Width; x += 16) Cv2.Line(picture, new Point(x, 0), new Point(x, Height), Scalar.All(80), 2);
        if (spot) Cv2.Circle(picture, new Point(130, 90), 3, new Scalar(20, 20, 220), -1);
        Directory.CreateDirectory(Path.GetDirectoryName(folder[name])!);
        Cv2.ImWrite(folder[name], picture);
        if (!spot) return;
        using Mat mask = new(Height, Width, MatType.CV_8UC1, Scalar.All(0));
        Cv2.Circle(mask, new Point(130, 90), 3, Scalar.All(255), -1);
        string file = folder[$"data/ground_truth/spot/{Path.GetFileNameWithoutExtension(name)}_mask.png"];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Cv2.ImWrite(file, mask);
    }

    private static Task<int> Run(params string[] args) =>
        CommandLine.RunAsync(new RootCommand { TrainCommand.Create(), EvaluateCommand.Create(), ReportCommand.Create() }, args);

    [Theory]
    [InlineData("patchcore", "--quick")]
    [InlineData("fastflow", "--epochs 1 --flow-steps 1")]
    [InlineData("fcdd", "--epochs 1")]
    public async Task A_package_of_tiles_inspects_the_whole_frame(string method, string options)
    {
        for (int i = 0; i < 10; i++) Write($"data/train/good/{i}.png", i, spot: false);
        for (int i = 0; i < 5; i++) Write($"data/test/good/{i}.png", 100 + i, spot: false);
        for (int i = 0; i < 3; i++) Write($"data/test/spot/{i}.png", 200 + i, spot: true);
        Assert.Equal(0, await Run(["train", "--method", method, "--data", folder["data"], "--calibrate-on", folder["data/test/good"], "--name", "part", "--models", folder["models"],
            "--size", $"{Width}x{Height}", "--tiles", $"{Tile}", "--tile-overlap", "16", .. options.Split(' ')]));

        Package package = PackageStore.OpenAny(folder["models/part"]);
        Assert.Equal(new TileSpec(Tile, Tile, 16), package.Manifest.Input.Tiles);
        TileGrid grid = new(package.Manifest.Input);
        Assert.Equal(6, grid.Count);
        Assert.InRange(package.Manifest.Parity.MaxRelativeMap, 0, 1e-3);

        // One batch says what the graph says about each tile alone.
        using AnomalyClassifier classifier = AnomalyClassifier.Open(folder["models/part"]);
        using AnomalyDetector single = AnomalyDetector.Load(package.ModelPath, Tile, Tile);
        Preprocessor preprocessor = new(package.Manifest.Input);
        ImageBuffer frame = new();
        ImageFile.Read(folder["data/test/spot/0.png"], frame);
        byte[] rgb = new byte[Width * Height * 3], batch = new byte[grid.Count * Tile * Tile * 3];
        preprocessor.Apply(frame, rgb);
        grid.Cut(rgb, batch);
        float[] maps = new float[grid.Count * Tile * Tile], map = new float[Width * Height];
        float largest = float.NegativeInfinity;
        for (int i = 0; i < grid.Count; i++)
        {
            batch.AsSpan(i * Tile * Tile * 3, Tile * Tile * 3).CopyTo(single.Input);
            largest = Math.Max(largest, single.Run());
            single.Map.CopyTo(maps.AsSpan(i * Tile * Tile));
        }
        grid.Stitch(maps, map);
        Assert.Equal(largest, classifier.Predict(folder["data/test/spot/0.png"]), 1e-4f * largest);
        Assert.Equal((Width, Height), (classifier.Width, classifier.Height));
        for (int i = 0; i < map.Length; i++) Assert.Equal(map[i], classifier.Map[i], 1e-3f * map.Max());
        if (method == "patchcore")
        {
            int peak = Array.IndexOf(map, map.Max());
            Assert.InRange(Math.Abs(peak % Width - 130) + Math.Abs(peak / Width - 90), 0, 16);
            Assert.Equal(1, package.Manifest.Evaluation!.ImageAuroc);
            Assert.InRange(package.Manifest.Evaluation.PixelAuroc!.Value, 0.9, 1);
        }

        Assert.Equal(0, await Run("report", "--package", folder["models/part"], "--data", folder["data"], "--out", folder["report.html"]));
        Assert.Equal(0, await Run("evaluate", "--package", folder["models/part"], "--data", folder["data"]));
        Assert.Equal(1, await Run("evaluate", "--package", folder["models/part"], "--data", folder["data"], "--size", "128"));
    }

    [Fact]
    public async Task Tiles_that_do_not_fit_are_said_before_the_work()
    {
        Write("data/0.png", 0, spot: false);
        string[] train = ["train", "--method", "patchcore", "--data", folder["data"], "--name", "part", "--models", folder["models"], "--size", "128"];
        Assert.Equal(1, await Run([.. train, "--tiles", "256"]));
        Assert.Equal(1, await Run([.. train, "--tiles", "64", "--tile-overlap", "32"]));
        Assert.Equal(1, await Run([.. train, "--tile-overlap", "32"]));
        Assert.Equal(1, await Run(["train", "--method", "fcdd", "--anomalies", folder["data"], .. train[3..], "--tiles", "64"]));
        Assert.Equal(2, await Run([.. train, "--tiles", "many"]));
        Assert.False(File.Exists(folder["models/part/current"]));
    }
}
