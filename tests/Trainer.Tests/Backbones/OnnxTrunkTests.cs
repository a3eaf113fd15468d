using Edge.Imaging;
using Edge.Scoring;
using Edge.Tests.Data;
using Edge.Tests.Onnx;
using Edge.Training.Backbones;
using Edge.Training.Cli;
using Edge.Training.Methods;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Networks;
using Edge.Training.Methods.PatchCore;
using Edge.Training.Onnx.Proto;
using Edge.Training.Runs;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Backbones;

/// <summary>A custom network as trunk: the embedded trunk as an ONNX file must give what the embedded trunk gives.</summary>
public sealed class OnnxTrunkTests : IDisposable
{
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f], Unscaled = [1 / 255f, 1 / 255f, 1 / 255f];
    private static readonly string[] Layers = ["layer3", "layer1", "layer2"];   // any order

    private readonly TempFolder folder = new();
    private readonly StringWriter said = new();
    private readonly ModelProto model;

    public OnnxTrunkTests() => model = CustomNetworks.Trunk(folder.Path);

    public void Dispose()
    {
        said.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(13)]
    [InlineData(17)]
    [InlineData(18)]   // from here on the axes of our reductions are inputs
    [InlineData(21)]
    public void Its_features_and_what_is_built_on_them_equal_the_embedded_trunks(int opset)
    {
        using IDisposable inference = no_grad();
        using DisposeScope scope = NewDisposeScope();
        model.OpsetImport[0].Version = opset;
        (model.IrVersion, model.Graph.Input[0].Type.TensorType.Shape.Dim[0]) = (10, new TensorShapeProto.Types.Dimension { DimValue = 1 });   // a batch of 1 only in the declaration
        Trunk custom = Load().Trunk, embedded = Backbone.Load(null).Trunk;
        Assert.Equal(["layer1", "layer2", "layer3"], custom.Features.Select(f => f.Name));
        Assert.Equal(embedded.Features.Select(f => f.Channels), custom.Features.Select(f => f.Channels));
        Assert.Equal(embedded.GridsOf(72, 88), custom.GridsOf(72, 88));
        byte[] pixels = new byte[2 * 64 * 80 * 3];
        new Random(3).NextBytes(pixels);
        Tensor image = tensor(pixels, [2, 64, 80, 3]);
        using TrunkNetwork network = new(custom), truth = new(embedded);
        foreach ((Tensor a, Tensor b) in network.Features(image).Zip(truth.Features(image))) Assert.True(allclose(a, b, rtol: 1e-4, atol: 1e-4));

        using FlowNetwork flow = new(custom, new FastFlowOptions { Steps = 1 });
        new FastFlowExport(custom, flow).Save(folder["flow.onnx"]);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["flow.onnx"], 80, 64);
        pixels.AsSpan(0, detector.Input.Length).CopyTo(detector.Input);
        float score = detector.Run();
        Tensor map = flow.Map(flow.Normalise(network.Features(image)), 64, 80);
        Assert.Equal(map[0].max().item<float>(), score, 1e-4f * score);
    }

    [Fact]
    public void PatchCore_trained_on_it_scores_as_on_the_embedded_trunk_and_FastFlow_trains()
    {
        for (int i = 0; i < 20; i++) Pictures.Write(folder[$"data/train/good/{i}.png"], i, 64, 64);
        float[] scores = [.. new[] { Load(), Backbone.Load(null) }.Select((b, i) =>
        {
            using PatchCoreMethod method = new(b, new PatchCoreOptions { CoresetRatio = 1 });
            using AnomalyDetector detector = AnomalyDetector.Load(Train(method, $"patchcore{i}").Package);
            new Random(500).NextBytes(detector.Input);
            return detector.Run();
        })];
        Assert.Equal(scores[1], scores[0], 1e-4f * scores[1]);

        using FastFlowMethod flow = new(Load(), new FastFlowOptions { Steps = 2 }, new TrainingSchedule { Quick = true });
        Assert.Equal("layer1+layer2+layer3", Train(flow, "flow").Package.Manifest.Parameters["layers"]);
    }

    [Fact]
    public void The_merged_graph_passes_the_checker()
    {
        Trunk trunk = Load().Trunk;
        using FlowNetwork flow = new(trunk, new FastFlowOptions { Steps = 1 });
        new FastFlowExport(trunk, flow).Save(folder["flow.onnx"]);
        Assert.Equal("ok", Python.Run("import onnx, sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True); print('ok')", "onnx", folder["flow.onnx"]).Trim());
    }

    [Fact]
    public void Mean_and_deviation_may_be_in_the_file()
    {
        model.MetadataProps.Add(new StringStringEntryProto { Key = "mean", Value = "0.5, 0.25, 0.125" });
        model.MetadataProps.Add(new StringStringEntryProto { Key = "std", Value = "[1, 2, 4]" });
        Trunk trunk = OnnxTrunk.Open(model.Save(folder["n.onnx"]), Layers, null, null);
        Assert.Equal([0.5f, 0.25f, 0.125f], trunk.Input.Mean);
        Assert.Equal([1f, 2f, 4f], trunk.Input.StandardDeviation);
        model.MetadataProps[1].Value = "0.5";
        Assert.Contains("metadata std is '0.5'", Refusal(Layers), StringComparison.Ordinal);
    }

    [Fact]
    public void A_network_of_one_size_says_which()
    {
        foreach (int i in (int[])[2, 3]) model.Graph.Input[0].Type.TensorType.Shape.Dim[i] = new TensorShapeProto.Types.Dimension { DimValue = 64 };
        Backbone backbone = Load();
        using FastFlowMethod flow = new(backbone, new FastFlowOptions { Steps = 1 }, new TrainingSchedule());
        Assert.True(flow.FixedSize);
        flow.CheckInput(new InputSpec { Width = 64, Height = 64 });
        using PatchCoreMethod patches = new(backbone, new PatchCoreOptions());
        foreach (DetectionMethod method in (DetectionMethod[])[flow, patches])
            Assert.Contains("use --size 64x64", Assert.Throws<EdgeException>(() => method.CheckInput(new InputSpec { Width = 96, Height = 64 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_a_trunk_is_refused_with_what_to_do()
    {
        Assert.Contains("nothing in it is called 'layer4'; its outputs are layer1, layer2, layer3", Refusal(["layer1", "layer4"]), StringComparison.Ordinal);
        Assert.Contains("names 1 values", Refusal(["layer1"]), StringComparison.Ordinal);
        Assert.Contains("names 0 values", Refusal([]), StringComparison.Ordinal);
        Assert.Contains("opset 12", Refusal(m => m.OpsetImport[0].Version = 12), StringComparison.Ordinal);
        Assert.Contains("opset 27", Refusal(m => m.OpsetImport[0].Version = 27), StringComparison.Ordinal);
        Assert.Contains("opset 0", Refusal(m => m.OpsetImport.Clear()), StringComparison.Ordinal);
        Assert.Contains("external data", Refusal(m => m.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External), StringComparison.Ordinal);
        Assert.Contains("functions", Refusal(m => m.Functions.Add(new FunctionProto())), StringComparison.Ordinal);
        Assert.Contains("sparse", Refusal(m => m.Graph.SparseInitializer.Add(new SparseTensorProto())), StringComparison.Ordinal);
        Assert.Contains("has 2 inputs (input, other)", Refusal(m => m.Graph.Input.Add(new ValueInfoProto { Name = "other" })), StringComparison.Ordinal);
        Assert.Contains("is not float32", Refusal(m => m.Graph.Input[0].Type.TensorType.ElemType = (int)TensorProto.Types.DataType.Uint8), StringComparison.Ordinal);
        Assert.Contains("[N, 1, H, W]; [N, 3, H, W]", Refusal(m => m.Graph.Input[0].Type.TensorType.Shape.Dim[1].DimValue = 1), StringComparison.Ordinal);
        Assert.Contains("holds no graph", Refusal(m => m.Graph = null), StringComparison.Ordinal);
        Assert.Contains("ONNX Runtime says", Refusal(m => m.Graph.Node[^4].OpType = "Rela"), StringComparison.Ordinal);
        Assert.Contains("several pictures at once", Refusal([.. Layers[1..], "reshaped"], m => Reshape(m, 1, 128, -1, 4)), StringComparison.Ordinal);
        Assert.Contains("a feature map is [N, C, h, w]", Refusal([.. Layers[1..], "reshaped"], m => Reshape(m, 0, -1, 128)), StringComparison.Ordinal);

        byte[] whole = File.ReadAllBytes(model.Save(folder["n.onnx"]));
        File.WriteAllBytes(folder["n.onnx"], whole[..(whole.Length / 2)]);
        Assert.Contains("is cut off", Assert.Throws<EdgeException>(() => OnnxTrunk.Open(folder["n.onnx"], Layers, null, null)).Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", Assert.Throws<EdgeException>(() => OnnxTrunk.Open(folder["absent.onnx"], Layers, null, null)).Message, StringComparison.Ordinal);
        Assert.Contains("custom network", Assert.Throws<EdgeException>(() => Backbone.Load(null, new BackboneOptions(Layers, null, null))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_line_needs_nothing_for_the_embedded_trunk_and_takes_all_for_a_custom_one()
    {
        using DetectionMethod usual = MethodArguments.Create("patchcore", [], threads: 1, seed: 0);
        Assert.Equal("edge18", usual.Weights.Name);
        model.Save(folder["n.onnx"]);
        using DetectionMethod custom = MethodArguments.Create("patchcore", ["--backbone", folder["n.onnx"], "--layers", "layer2,layer3", "--mean", "0,0.5,1", "--std", "1,2,3"], threads: 1, seed: 0);
        Assert.Equal([0f, 0.5f, 1f], ((PatchCoreMethod)custom).Trunk.Input.Mean);
        Assert.Equal([1f, 2f, 3f], ((PatchCoreMethod)custom).Trunk.Input.StandardDeviation);
        foreach ((string wrong, string why) in ((string, string)[])[("0,1", "three numbers"), ("0,0,x", "three numbers")])
            Assert.Contains(why, Assert.Throws<EdgeException>(() => MethodArguments.Create("patchcore", ["--mean", wrong], 1, 0)).Message, StringComparison.Ordinal);
        Assert.Contains("above 0", Assert.Throws<EdgeException>(() => MethodArguments.Create("patchcore", ["--std", "0,1,1"], 1, 0)).Message, StringComparison.Ordinal);
    }

    private static void Reshape(ModelProto model, params long[] shape)
    {
        model.Graph.Initializer.Add(new TensorProto { Name = "shape", DataType = (int)TensorProto.Types.DataType.Int64, Dims = { shape.Length }, Int64Data = { shape } });
        model.Graph.Node.Add(new NodeProto { OpType = "Reshape", Name = "r", Input = { "layer3", "shape" }, Output = { "reshaped" } });
    }

    private string Refusal(Action<ModelProto> change) => Refusal(Layers, change);

    private string Refusal(string[] layers, Action<ModelProto>? change = null)
    {
        ModelProto changed = model.Clone();
        change?.Invoke(changed);
        changed.Save(folder["n.onnx"]);
        return Assert.Throws<EdgeException>(() => OnnxTrunk.Open(folder["n.onnx"], layers, null, null)).Message;
    }

    private Backbone Load() => Backbone.Load(model.Save(folder["n.onnx"]), new BackboneOptions(Layers, Mean, Unscaled));

    private TrainingResult Train(DetectionMethod method, string name) => new TrainingRun(
        new TrainingOptions { Data = folder["data"], Name = name, Models = folder["models"], Input = new InputSpec { Width = 64, Height = 64 } },
        method, new Terminal(said, interactive: false, TimeProvider.System), TimeProvider.System, TestContext.Current.CancellationToken).Execute();
}
