using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Runs;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>What the mask hides decides nothing: neither in training nor for a part.</summary>
public sealed class MaskedTrainingTests : IDisposable
{
    private const int Width = 160, Height = 128;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Only_what_lies_in_the_mask_is_learnt_and_judged()
    {
        Directory.CreateDirectory(folder["parts"]);
        // On the right, something different stands in each picture.
        for (int i = 0; i < 24; i++) Write(Path.Combine("parts", $"{i:D2}.png"), i, clutter: i, defectAt: null);
        InputSpec input = new() { Width = 96, Height = 96, Mask = "0,0 100,0 100,128 0,128" };
        TrainingOptions options = new() { Data = folder["parts"], Name = "part", Models = folder["models"], Input = input };
        using PatchCoreMethod method = new(Backbone.Load(null), new PatchCoreOptions());
        new TrainingRun(options, method, Pictures.Quiet(), TimeProvider.System, TestContext.Current.CancellationToken).Execute();

        Package package = PackageStore.OpenAny(folder["models/part"]);
        Assert.Equal(input.Mask, package.Manifest.Input.Mask);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
        Write("normal.png", 100, clutter: 100, defectAt: null);
        Write("other-clutter.png", 100, clutter: 333, defectAt: null);
        Write("outside.png", 100, clutter: 100, defectAt: 125);
        Write("inside.png", 100, clutter: 100, defectAt: 40);
        Assert.Equal(Score("normal.png"), Score("other-clutter.png"));
        Assert.Equal(Score("normal.png"), Score("outside.png"));
        Assert.True(Score("inside.png") > 1.5f * Score("normal.png"));
        Assert.Equal(Verdict.Reject, package.Manifest.Calibration.Decide(Score("inside.png")));

        float Score(string file)
        {
            ImageBuffer frame = new();
            ImageFile.Read(folder[file], frame);
            new Preprocessor(package.Manifest.Input).Apply(frame, detector.Input);
            return detector.Run();
        }
    }

    /// <summary>Stripes with a little noise; from column 104 on coarse noise of its own seed.</summary>
    private void Write(string file, int seed, int clutter, int? defectAt)
    {
        Random noise = new(seed), coarse = new(1000 + clutter);
        byte[] gray = new byte[Width * Height], blocks = new byte[(Width / 8 + 1) * (Height / 8 + 1)];
        coarse.NextBytes(blocks);
        for (int y = 0; y < Height; y++)
            for (int x = 0; x < Width; x++)
                gray[y * Width + x] = defectAt is { } at && x >= at && x < at + 16 && y is >= 50 and < 66 ? (byte)250
                    : x < 104 ? (byte)(90 + 40 * (x / 12 % 2) + noise.Next(8)) : blocks[y / 8 * (Width / 8 + 1) + x / 8];
        ImageFile.WritePng(folder[file], gray, Width, Height, PixelFormat.Mono8);
    }
}
