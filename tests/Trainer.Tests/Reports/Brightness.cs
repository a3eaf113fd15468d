using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Training.Onnx;

namespace Edge.Tests.Reports;

/// <summary>A real package whose answers can be read off the pictures: the map is the brightness, the score its maximum.</summary>
internal static class Brightness
{
    public const int Side = 32;

    public static Package Publish(string models, float threshold, float? reviewFrom = null)
    {
        using PackageDraft draft = new PackageStore(models).Begin("part");
        string model = Path.Combine(draft.Folder, "model.onnx");
        GraphBuilder graph = new("brightness");
        string map = graph.Node("ReduceMean", [graph.Node("Cast", [graph.Input("image", 0, Side, Side, 3)], ("to", 1))], ("axes", new long[] { 3 }), ("keepdims", 0));
        graph.Output("image_score", graph.Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), 0);
        graph.Output("anomaly_map", map, 0, Side, Side);
        graph.Save(model);
        File.WriteAllText(Path.Combine(draft.Folder, "training.csv"), "epoch,loss,validation_loss,learning_rate,seconds\n1,2.5,2.75,0.001,1.5\n2,1.5,,0.001,1.5\n3,1.25,1.5,0.001,1.5\n");
        byte[] gray = new byte[Side * Side * 3];
        gray.AsSpan().Fill(40);
        ImageFile.WritePng(Path.Combine(draft.Folder, "golden", "0001.png"), gray, Side, Side, PixelFormat.Rgb24);
        draft.WriteGolden(new GoldenSet { Tolerance = 1e-4, Images = [new GoldenImage("0001.png", 40, 40)] });
        return draft.Publish((version, files) => new Manifest
        {
            SchemaVersion = Manifest.CurrentSchema,
            Name = "part",
            Version = version,
            Method = "brightness",
            Backbone = new BackboneInfo("none", new string('0', 64)),
            Input = new InputSpec { Width = Side, Height = Side },
            Calibration = new Calibration
            {
                Method = "fixed",
                Threshold = threshold,
                ReviewFrom = reviewFrom,
                Promise = "</script><img src=x onerror=alert(1)>",
                Normals = ScoreStatistics.Of([40, 50, 60]),
                HeatmapRange = new ValueRange(0, 255),
                Pixel = new PixelThreshold("fixed", threshold, "nothing"),
            },
            Dataset = new DatasetInfo(new string('0', 64), 3, 3, 0, 0),
            Parity = new ParityInfo(1, 0, 0, 1e-4),
            Parameters = new Dictionary<string, string> { ["seed"] = "0" },
            CreatedAt = DateTimeOffset.UnixEpoch,
            Files = files,
        });
    }

    /// <summary>Gray with one brighter pixel, which is the score.</summary>
    public static void Write(string path, byte ground, byte spot)
    {
        byte[] gray = new byte[Side * Side];
        gray.AsSpan().Fill(ground);
        gray[4 * Side + 4] = spot;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        ImageFile.WritePng(path, gray, Side, Side, PixelFormat.Mono8);
    }
}
