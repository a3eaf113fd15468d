using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Backbones;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Runs;
using Xunit;

namespace Edge.Tests.Runs;

/// <summary>Training on 1 to 10 normal pictures: it works, and promises nothing it can't keep.</summary>
public sealed class FewNormalsTests : IDisposable
{
    private const int Side = 128;
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void A_few_real_pictures_make_a_package_without_a_promise(int normals)
    {
        Manifest m = Train("few", RealPictures(normals)).Manifest;
        Assert.Equal((normals, 0), (m.Dataset.Training, m.Dataset.Calibration));
        Assert.Equal(normals == 1 ? "altered-copies" : "leave-one-out", m.Calibration.Method);
        Assert.StartsWith("None. With", m.Calibration.Promise, StringComparison.Ordinal);
        Assert.Null(m.Calibration.FalseRejectRate);
        Assert.Equal(normals == 1 ? 6 : normals, m.Calibration.Normals.Count);
        Assert.True(m.Calibration.Threshold > m.Calibration.Normals.Quantiles[^1]);
        Assert.Equal("pictures left out one at a time", m.Parameters["calibratedOn"]);
        Package package = PackageStore.OpenAny(folder["models/few"]);
        Assert.NotEmpty(package.Golden.Images);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
        // What it was trained on is accepted.
        foreach (string file in Directory.EnumerateFiles(folder["few"])) Assert.Equal(Verdict.Accept, m.Calibration.Decide(Score(detector, file)));
    }

    /// <summary>The scores behind the threshold of two pictures are what the package of each says about the other.</summary>
    [Fact]
    public void Leaving_one_out_is_training_without_it()
    {
        string[] files = RealPictures(2);
        ScoreStatistics left = Train("both", files).Manifest.Calibration.Normals;
        float[] expected = [.. new[] { 0, 1 }.Select(i =>
        {
            using AnomalyDetector detector = AnomalyDetector.Load(Train($"only{i}", [files[i]]));
            return Score(detector, files[1 - i]);
        }).Order()];
        Assert.Equal(expected[0], left.Quantiles[0], 1e-4 * expected[0]);
        Assert.Equal(expected[1], left.Quantiles[^1], 1e-4 * expected[1]);
    }

    [Fact]
    public void A_rate_that_was_asked_for_is_still_refused()
    {
        TrainingOptions options = Options("rate", RealPictures(5)) with { FalseRejectRate = 0.1 };
        Assert.Contains("too few", Assert.Throws<EdgeException>(() => Train(options)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/rate"]));
    }

    [Fact]
    public void One_unreadable_picture_of_two_leaves_one()
    {
        string[] files = RealPictures(2);
        TrainingOptions options = Options("damaged", files);
        string damaged = Directory.EnumerateFiles(options.Data).First();
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..2000]);
        Manifest m = Train(options).Manifest;
        Assert.Equal((1, 1, "altered-copies"), (m.Dataset.Training, m.Dataset.Skipped, m.Calibration.Method));
    }

    private static string[] RealPictures(int count) => [.. Directory.EnumerateFiles(TestPaths.Shared("datasets/dobot_cubes/train/good")).Order().Take(count)];

    private static float Score(AnomalyDetector detector, string file)
    {
        ImageBuffer frame = new();
        ImageFile.Read(file, frame);
        new Preprocessor(new InputSpec { Width = Side, Height = Side }).Apply(frame, detector.Input);
        return detector.Run();
    }

    private TrainingOptions Options(string name, string[] files)
    {
        Directory.CreateDirectory(folder[name]);
        foreach (string file in files) File.Copy(file, Path.Combine(folder[name], Path.GetFileName(file)));
        return new TrainingOptions { Data = folder[name], Name = name, Models = folder["models"], Input = new InputSpec { Width = Side, Height = Side } };
    }

    private Package Train(string name, string[] files) => Train(Options(name, files));

    private static Package Train(TrainingOptions options)
    {
        using PatchCoreMethod method = new(Backbone.Load(null), new PatchCoreOptions());
        return new TrainingRun(options, method, Pictures.Quiet(), TimeProvider.System, TestContext.Current.CancellationToken).Execute().Package;
    }
}
