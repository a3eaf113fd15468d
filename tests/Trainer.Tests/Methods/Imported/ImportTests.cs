using System.CommandLine;
using Edge.Imaging;
using Edge.Packages;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Tests.Onnx;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods;
using Edge.Training.Methods.Imported;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Onnx.Proto;
using Edge.Training.Runs;
using Xunit;
using static Edge.Training.Onnx.Proto.AttributeProto.Types;
using static Edge.Training.Onnx.Proto.TensorProto.Types;

namespace Edge.Tests.Methods.Imported;

public sealed class ImportTests : IDisposable
{
    private const int Side = 64, Cells = 8;
    private static readonly float[] Zero = [0, 0, 0], One = [1, 1, 1];

    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();

    public void Dispose()
    {
        said.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void A_detector_of_ours_without_its_front_comes_back_as_it_was()
    {
        WriteNormals(24);
        using PatchCoreMethod patches = new(Backbone.Load(null), new PatchCoreOptions());
        Package first = Train(patches, "first").Package;
        string file = CustomNetworks.WithoutFront(first.ModelPath).Save(folder["exported.onnx"]);

        Assert.Equal(0, Run("import", "--onnx", file, "--map", "anomaly_map", "--score", "image_score", "--mean", "0.485,0.456,0.406", "--std", "0.00392156863,0.00392156863,0.00392156863",
            "--data", folder["data"], "--name", "second", "--models", folder["models"], "--json"));
        Package second = PackageStore.OpenAny(folder["models/second"]);
        Manifest m = second.Manifest;
        Assert.Equal(("imported", "exported", 0, 24, "any", "all normal pictures"), (m.Method, m.Backbone.Name, m.Dataset.Training, m.Dataset.Calibration, m.Parameters["batch"], m.Parameters["calibratedOn"]));
        Assert.Equal((Side, Side, true), (m.Input.Width, m.Input.Height, m.Input.FixedSize));
        using AnomalyDetector a = AnomalyDetector.Load(first), b = AnomalyDetector.Load(second);
        b.CheckGolden(second);
        Random random = new(1000);
        random.NextBytes(a.Input);
        a.Input.CopyTo(b.Input);
        float score = a.Run();
        Assert.Equal(score, b.Run(), 1e-4f * score);
        for (int i = 0; i < a.Map.Length; i++) Assert.Equal(a.Map[i], b.Map[i], 1e-4f * score);
    }

    [Theory]
    [InlineData(14, "pred_score")]
    [InlineData(18, null)]
    public void An_export_with_anomalibs_signature_gives_what_its_operators_say(int opset, string? score)
    {
        WriteNormals(8);
        using ImportedMethod method = new(Anomalib(opset).Save(folder["model.onnx"]), "anomaly_map", score, Zero, One);
        Package package = Train(method, "anomalib").Package;
        Assert.InRange(package.Manifest.Parity.MaxRelativeMap, 0, 1e-5);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        new Random(77).NextBytes(detector.Input);
        float[] cells = CellMeans(detector.Input);
        float found = detector.Run();
        Assert.Equal(score is null ? cells.Max() : cells.Average(), found, 1e-5f);
        // Half-pixel bilinear: in the middle of a cell's edge pixels the weights are known. Pixel 12 of 64 lies at 12.5 / 8 − 0.5 = 1.0625 cells.
        float expected = (1 - 0.0625f) * ((1 - 0.0625f) * cells[1 * Cells + 1] + 0.0625f * cells[1 * Cells + 2]) + 0.0625f * ((1 - 0.0625f) * cells[2 * Cells + 1] + 0.0625f * cells[2 * Cells + 2]);
        Assert.Equal(expected, detector.Map[12 * Side + 12], 1e-5f);
    }

    [Fact]
    public void A_network_of_one_picture_at_a_time_stays_one_and_says_so()
    {
        WriteNormals(8);
        ModelProto model = Anomalib(14);
        model.Graph.Initializer.Add(new TensorProto { Name = "one", DataType = (int)DataType.Int64, Dims = { 4 }, Int64Data = { 1, 1, Cells, Cells } });
        model.Graph.Node.Add(new NodeProto { OpType = "Reshape", Name = "r", Input = { "anomaly_map", "one" }, Output = { "fixed" } });
        using ImportedMethod method = new(model.Save(folder["model.onnx"]), "fixed", null, Zero, One);
        Package package = Train(method, "one").Package;
        Assert.Equal("1", package.Manifest.Parameters["batch"]);
        Assert.Contains("one picture at a time", said.ToString(), StringComparison.Ordinal);
        using AnomalyDetector detector = AnomalyDetector.Load(package);
        detector.CheckGolden(package);
    }

    [Fact]
    public void What_cannot_be_imported_is_refused_by_name()
    {
        string path = Anomalib(14).Save(folder["model.onnx"]);
        Assert.Contains("nothing in it is called 'heat'; its outputs are pred_score, pred_label, anomaly_map", Refusal(path, "heat", null), StringComparison.Ordinal);
        Assert.Contains("pred_label is Bool; float32 is expected", Refusal(path, "anomaly_map", "pred_label"), StringComparison.Ordinal);
        Assert.Contains("pred_score is [1]; a map is", Refusal(path, "pred_score", null), StringComparison.Ordinal);
        Assert.Contains("anomaly_map is [1, 1, 8, 8]; a score is", Refusal(path, "anomaly_map", "anomaly_map"), StringComparison.Ordinal);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..100]);
        Assert.Contains("model.onnx", Refusal(path, "anomaly_map", null), StringComparison.Ordinal);
        WriteNormals(3);
        using ImportedMethod method = new(Anomalib(14).Save(path), "anomaly_map", null, Zero, One);
        Assert.Contains("too few for a threshold", Assert.Throws<EdgeException>(() => Train(method, "few")).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["models/few"]));
    }

    /// <summary>
    /// The signature of anomalib's to_onnx (opset 14): input float [batch, 3, H, W], outputs pred_score [N], pred_label bool [N], anomaly_map [N, 1, h, w].
    /// The map is the mean of each 8 × 8 cell over all colours, the score the mean of the map.
    /// </summary>
    private static ModelProto Anomalib(int opset)
    {
        static ValueInfoProto Value(string name, DataType type, params string[] shape) => new()
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = new TensorShapeProto { Dim = { shape.Select(s => int.TryParse(s, out int n) ? new TensorShapeProto.Types.Dimension { DimValue = n } : new TensorShapeProto.Types.Dimension { DimParam = s }) } } } },
        };
        static AttributeProto Integers(string name, params long[] values) => new() { Name = name, Type = AttributeType.Ints, Ints = { values } };
        NodeProto Mean(string name, string input, string output, bool keep, params long[] axes)
        {
            NodeProto node = new() { OpType = "ReduceMean", Name = name, Input = { input }, Output = { output }, Attribute = { new AttributeProto { Name = "keepdims", Type = AttributeType.Int, I = keep ? 1 : 0 } } };
            if (opset < 18) node.Attribute.Add(Integers("axes", axes));
            else node.Input.Add($"{name}_axes");
            return node;
        }
        GraphProto graph = new()
        {
            Name = "main_graph",
            Input = { Value("input", DataType.Float, "batch_size", "3", "height", "width") },
            Output = { Value("pred_score", DataType.Float, "batch_size"), Value("pred_label", (DataType)9, "batch_size"), Value("anomaly_map", DataType.Float, "batch_size", "1", "h", "w") },
            Initializer = { new TensorProto { Name = "half", DataType = (int)DataType.Float, FloatData = { 0.5f } } },
            Node =
            {
                new NodeProto { OpType = "AveragePool", Name = "/pool", Input = { "input" }, Output = { "/pooled" }, Attribute = { Integers("kernel_shape", Cells, Cells), Integers("strides", Cells, Cells) } },
                Mean("/colours", "/pooled", "anomaly_map", true, 1),
                Mean("/score", "anomaly_map", "pred_score", false, 1, 2, 3),
                new NodeProto { OpType = "Greater", Name = "/label", Input = { "pred_score", "half" }, Output = { "pred_label" } },
            },
        };
        if (opset >= 18)
        {
            graph.Initializer.Add(new TensorProto { Name = "/colours_axes", DataType = (int)DataType.Int64, Dims = { 1 }, Int64Data = { 1 } });
            graph.Initializer.Add(new TensorProto { Name = "/score_axes", DataType = (int)DataType.Int64, Dims = { 3 }, Int64Data = { 1, 2, 3 } });
        }
        return new ModelProto { IrVersion = 8, ProducerName = "pytorch", Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = opset } } };
    }

    private static float[] CellMeans(ReadOnlySpan<byte> rgb)
    {
        double[] sums = new double[Cells * Cells];
        for (int i = 0; i < rgb.Length; i++) sums[i / 3 / Side / Cells * Cells + i / 3 % Side / Cells] += rgb[i] / 255.0;
        return [.. sums.Select(s => (float)(s / (3 * Cells * Cells)))];
    }

    private void WriteNormals(int count)
    {
        for (int i = 0; i < count; i++) Pictures.Write(folder[$"data/{i}.png"], i, Side, Side);
    }

    private static string Refusal(string path, string map, string? score) => Assert.Throws<EdgeException>(() =>
    {
        using ImportedMethod method = new(path, map, score, Zero, One);
        method.CheckInput(new InputSpec { Width = Side, Height = Side });
    }).Message;

    private TrainingResult Train(DetectionMethod method, string name) => new TrainingRun(
        new TrainingOptions { Data = folder["data"], Name = name, Models = folder["models"], Input = new InputSpec { Width = Side, Height = Side } },
        method, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, TestContext.Current.CancellationToken).Execute();

    private static int Run(params string[] arguments) =>
        new RootCommand { ImportCommand.Create() }.Parse(arguments).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = TextWriter.Null, Error = TextWriter.Null });
}
