using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Tests.Support;

/// <summary>Publishes real packages whose score is a picture's mean brightness: 100 and above is rejected, 90 to 100 goes to review.</summary>
internal static class TestModels
{
    public const string Name = "tiny";
    public const float Threshold = 100;
    private const int Size = 32;

    /// <param name="ballast">Bytes of a further file, so that a package has some size.</param>
    /// <param name="expectedScore">Of the golden image; the graph is not run here when it is given.</param>
    public static Package Publish(string models, byte[] graph, Roi? roi = null, float? expectedScore = null, bool setCurrent = true, string name = Name, SigningKey? signer = null, int size = Size, int ballast = 0)
    {
        PackageStore store = new(models) { Signer = signer };
        using PackageDraft draft = store.Begin(name);
        string model = Path.Combine(draft.Folder, "model.onnx"), picture = Path.Combine(draft.Folder, "golden", "0001.png");
        File.WriteAllBytes(model, graph);
        ImageFile.WritePng(picture, Pictures.Rgb(size, 40), size, size, PixelFormat.Rgb24);
        if (ballast > 0)
        {
            byte[] bytes = new byte[ballast];
            new Random(ballast).NextBytes(bytes);
            File.WriteAllBytes(Path.Combine(draft.Folder, "report.html"), bytes);
        }
        draft.WriteGolden(new GoldenSet { Tolerance = 1e-4, Images = [new GoldenImage("0001.png", expectedScore ?? ScoreOf(model, size), 40)] });
        return draft.Publish((version, files) => new Manifest
        {
            SchemaVersion = Manifest.CurrentSchema,
            Name = name,
            Version = version,
            Method = "brightness",
            Backbone = new BackboneInfo("none", new string('0', 64)),
            Input = new InputSpec { Width = size, Height = size, Roi = roi },
            Calibration = new Calibration
            {
                Method = "fixed",
                Threshold = Threshold,
                ReviewFrom = 90,
                Normals = ScoreStatistics.Of([40, 50, 60]),
                HeatmapRange = new ValueRange(0, 255),
            },
            Dataset = new DatasetInfo(new string('0', 64), 3, 3, 0, 0),
            Parity = new ParityInfo(1, 0, 0, 1e-4),
            Parameters = new Dictionary<string, string>(),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Files = files,
        }, setCurrent);
    }

    private static float ScoreOf(string model, int size)
    {
        using AnomalyDetector detector = AnomalyDetector.Load(model, size, size);
        Pictures.Rgb(size, 40).CopyTo(detector.Input);
        return detector.Run();
    }
}
