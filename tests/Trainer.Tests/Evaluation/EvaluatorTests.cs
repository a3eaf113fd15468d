using System.Text.Json;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Training.Cli;
using Edge.Training.Data;
using Edge.Training.Evaluation;
using Edge.Training.Onnx;
using Xunit;

namespace Edge.Tests.Evaluation;

/// <summary>The evaluator on a graph whose answers can be read off the pictures: the map is the brightness, the score its maximum.</summary>
public sealed class EvaluatorTests : IDisposable
{
    private const int Side = 16;
    private static readonly InputSpec Input = new() { Width = Side, Height = Side };
    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose() => folder.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private AnomalyDetector Brightness(float scale = 1)
    {
        GraphBuilder graph = new("brightness");
        string image = graph.Input("image", 0, Side, Side, 3);
        string real = graph.Node("Mul", [graph.Node("Cast", [image], ("to", 1)), graph.Constant([scale], 1)]);
        string map = graph.Node("ReduceMean", [real], ("axes", new long[] { 3 }), ("keepdims", 0));
        graph.Output("image_score", graph.Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), 0);
        graph.Output("anomaly_map", map, 0, Side, Side);
        graph.Save(folder["model.onnx"]);
        return AnomalyDetector.Load(folder["model.onnx"], Side, Side);
    }

    private static Calibration Threshold(float threshold) =>
        new() { Method = "test", Threshold = threshold, Normals = ScoreStatistics.Of([1]), HeatmapRange = new ValueRange(0, 1) };

    /// <summary>Gray <paramref name="ground"/> with one pixel at (4, 4) of another value.</summary>
    private void Write(string file, byte ground, byte spot)
    {
        byte[] gray = new byte[Side * Side];
        gray.AsSpan().Fill(ground);
        gray[4 * Side + 4] = spot;
        Directory.CreateDirectory(Path.GetDirectoryName(folder[file])!);
        ImageFile.WritePng(folder[file], gray, Side, Side, PixelFormat.Mono8);
    }

    private EvaluationResult Run(AnomalyDetector detector, float threshold, bool strict = false, float? reviewFrom = null)
    {
        Terminal terminal = new(said, interactive: false, TimeProvider.System);
        return Evaluator.Run(detector, Threshold(threshold) with { ReviewFrom = reviewFrom }, Dataset.OpenForTest(folder["data"], strict: false, terminal, Ct), Input, strict, terminal, Ct);
    }

    [Fact]
    public void Figures_are_those_of_the_pictures()
    {
        Write("data/test/good/a.png", 10, 20);
        Write("data/test/good/b.png", 10, 60);
        Write("data/test/good/c.png", 10, 100);      // exactly the threshold: rejected
        Write("data/test/crack/d.png", 10, 200);
        Write("data/test/crack/e.png", 10, 90);      // missed
        Write("data/test/dirt/f.png", 10, 150);      // empty mask
        Write("data/test/dirt/g.png", 10, 160);      // no mask
        foreach (string crack in new[] { "d", "e" }) Pictures.WriteMask(folder[$"data/ground_truth/crack/{crack}_mask.png"], Side, Side, (x, y) => (x, y) == (4, 4));
        Pictures.WriteMask(folder["data/ground_truth/dirt/f_mask.png"], Side, Side, (_, _) => false);
        File.WriteAllText(folder["data/test/dirt/broken.png"], "not a picture");
        using AnomalyDetector detector = Brightness();

        EvaluationResult result = Run(detector, threshold: 100);

        Assert.Equal([new("good", 3, 1, 2 / 3.0, null), new("crack", 2, 1, 0.5, 5 / 6.0), new("dirt", 2, 2, 1, 1)], result.Folders);
        Assert.Equal((1, 1), (result.FalseRejects, result.Misses));
        Assert.Equal((3, 4), (result.Summary.Normal, result.Summary.Anomalous));
        Assert.Equal(11 / 12.0, result.Summary.ImageAuroc);
        Assert.Equal(8 / 9.0, result.Summary.F1Max!.Value, 1e-12);   // at 90: all four found, one false alarm
        Assert.Equal(2, result.Regions);
        Assert.Equal(1, result.WithoutMask);
        Assert.Equal("the mask is empty", Assert.Single(result.UnusableMasks).Reason);
        Assert.EndsWith("broken.png", Assert.Single(result.Skipped).Path, StringComparison.Ordinal);
        // Normal pixels: 3 × 256 + 2 × 255, of which one (100) beats the 90 of e.
        double pixels = 3 * 256 + 2 * 255;
        Assert.Equal(1 - 0.5 / pixels, result.Summary.PixelAuroc!.Value, 1e-9);
        Assert.InRange(result.Summary.Aupro!.Value, 0.99, 1);
        EvaluationFigures figures = result.Figures;
        Assert.Equal(new ConfusionMatrix(2, 1, 1, 3), figures.AtThreshold.Confusion);
        Assert.Equal((2 / 3.0 + 3 / 4.0) / 2, figures.AtThreshold.MeanAccuracy!.Value, 1e-12);
        Assert.Equal((3 + 0.8) / 4, figures.AveragePrecision!.Value, 1e-12);   // 200, 160, 150 before any normal one; 90 is 4 of 5
        Assert.Equal(8, figures.OperatingCurve.Count);
        Assert.Equal(("aupimo", 1), (Assert.Single(figures.Undefined).Key, figures.Undefined.Count));
        Assert.Contains("768 pixels", figures.Undefined["aupimo"], StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", JsonSerializer.Serialize(figures), StringComparison.Ordinal);
    }

    [Fact]
    public void Order_of_the_pictures_changes_nothing_and_reviewed_ones_are_counted()
    {
        byte[] normal = [20, 60, 100], anomalous = [200, 90, 150];
        EvaluationFigures[] figures = [.. new[] { (byte[])[0, 1, 2], [2, 0, 1] }.Select(order =>
        {
            foreach (int i in Enumerable.Range(0, 3))
            {
                Write($"data/test/good/{order[i]}.png", 10, normal[i]);
                Write($"data/test/crack/{order[i]}.png", 10, anomalous[i]);
                Pictures.WriteMask(folder[$"data/ground_truth/crack/{order[i]}_mask.png"], Side, Side, (x, y) => (x, y) == (4, 4));
            }
            using AnomalyDetector detector = Brightness();
            return Run(detector, threshold: 160, reviewFrom: 95).Figures;
        })];
        Assert.Equal(JsonSerializer.Serialize(figures[0]), JsonSerializer.Serialize(figures[1]));
        Assert.Equal((1, 1), (figures[0].NormalReviewed, figures[0].AnomalousReviewed));
    }

    [Fact]
    public void Without_anomalies_or_masks_there_are_no_figures_and_no_NaN()
    {
        Write("data/test/good/a.png", 10, 20);
        using AnomalyDetector detector = Brightness();
        EvaluationSummary onlyNormal = Run(detector, 100).Summary;
        Assert.Null(onlyNormal.ImageAuroc);
        Assert.Null(onlyNormal.F1Max);
        Assert.Null(onlyNormal.PixelAuroc);
        EvaluationFigures figures = Run(detector, 100).Figures;
        Assert.Equal("there are no anomalous pictures", figures.Undefined["imageAuroc"]);
        Assert.Equal("there are no anomalous pictures", figures.AtThreshold.Undefined["recall"]);
        Assert.Equal("nothing is rejected", figures.AtThreshold.Undefined["precision"]);
        Assert.Empty(figures.OperatingCurve);
        Write("data/test/crack/b.png", 10, 30);
        EvaluationSummary noMasks = Run(detector, 100).Summary;
        Assert.Equal(1, noMasks.ImageAuroc);
        Assert.Null(noMasks.PixelAuroc);
        Assert.Null(noMasks.Aupro);
    }

    [Fact]
    public void A_score_that_is_not_finite_names_its_picture_and_strict_stops()
    {
        Write("data/test/good/a.png", 0, 0);
        Write("data/test/good/b.png", 10, 30);
        using (AnomalyDetector infinite = Brightness(float.PositiveInfinity))
        {
            Assert.Contains("a.png", Assert.Throws<EdgeException>(() => Run(infinite, 1)).Message, StringComparison.Ordinal);   // ∞ · 0
        }
        using AnomalyDetector detector = Brightness();
        File.WriteAllText(folder["data/test/good/b.png"], "broken");
        Assert.Contains("b.png", Assert.Throws<EdgeException>(() => Run(detector, 1, strict: true)).Message, StringComparison.Ordinal);
        File.WriteAllText(folder["data/test/good/a.png"], "broken too");
        Assert.Contains("None of the 2", Assert.Throws<EdgeException>(() => Run(detector, 1)).Message, StringComparison.Ordinal);
    }
}
