using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Backbones;

/// <summary>
/// Every architecture against an independent computation: as torchvision writes it down, and in ONNX Runtime. ResNet-50, Wide-ResNet-50-2, ResNeXt and
/// torchvision's MobileNetV2 have seeded random weights here: no real ones are at hand.
/// </summary>
public sealed class TrunkTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly IDisposable inference = no_grad();
    private readonly DisposeScope scope = NewDisposeScope();

    public void Dispose()
    {
        scope.Dispose();
        inference.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("ResNet-18", 16, "2,2,2", 0, 1, 1)]
    [InlineData("ResNet-34", 8, "3,4,6", 0, 1, 1)]
    [InlineData("ResNet-50", 64, "3,4,6", 4, 1, 1)]
    [InlineData("Wide-ResNet-50-2", 32, "3,4,6", 4, 2, 1)]
    [InlineData("ResNeXt-50", 16, "3,4,6", 4, 2, 8)]
    [InlineData("ResNet-101", 8, "3,4,23", 4, 1, 1)]
    public void A_residual_network_equals_torchvisions_and_its_graph(string name, int width, string blocks, int expansion, int wide, int groups)
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = TrunkWeights.ResNet(seed: 3, width, [.. blocks.Split(',').Select(int.Parse)], expansion, wide, groups);
        Compare(name, tensors, new Unfolded(tensors).ResNet, Math.Max(expansion, 1) * width);
    }

    [Fact]
    public void Torchvisions_mobilenet_equals_its_definition_and_its_graph()
    {
        Dictionary<string, (long[] Shape, float[] Values)> tensors = TrunkWeights.MobileNetV2(seed: 5, divisor: 1);
        Compare("MobileNetV2", tensors, new Unfolded(tensors).MobileNetV2, 24);
    }

    [Theory]
    [InlineData("backbones/resnet18_trunk.safetensors", "ResNet-18")]
    [InlineData("backbones/edge18.safetensors", "ResNet-18")]
    [InlineData("backbones/mobilenet_v2.safetensors", "MobileNetV2")]
    public void Real_weights_say_the_same_in_ONNX_Runtime(string file, string name)
    {
        Trunk trunk = Backbone.Load(TestPaths.Shared(file)).Trunk;
        Assert.Equal(name, trunk.Architecture);
        using TrunkNetwork network = new(trunk);
        foreach ((int height, int width) in ((int, int)[])[(256, 256), (200, 232), (101, 75)])   // the second has 25 × 29 patches, so odd grids; the third is odd itself
        {
            Tensor image = Photograph(height, width);
            CompareGraph(trunk, image, network.Features(image), 1e-5);
        }
    }

    [Fact]
    public void Values_are_freed_and_the_callers_are_not()
    {
        using TrunkNetwork network = new(Backbone.Load(null).Trunk);
        Tensor image = zeros([1, 64, 64, 3], uint8);
        long before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        Tensor[] features = network.Features(image);
        Assert.Equal(before + features.Length, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        Assert.Equal([1, 64, 64, 3], image.shape);
    }

    [Fact]
    public void Names_of_no_known_architecture_are_said_so()
    {
        SafetensorsWriter.Write(folder["w.safetensors"], new Dictionary<string, string>(), [("blocks.0.attn.qkv.weight", [1], [1f])]);
        Assert.Contains("neither a ResNet nor a MobileNetV2", Assert.Throws<EdgeException>(() => Backbone.Load(folder["w.safetensors"])).Message, StringComparison.Ordinal);
    }

    private void Compare(string name, Dictionary<string, (long[] Shape, float[] Values)> tensors, Func<Tensor, Tensor[]> expected, int channels)
    {
        SafetensorsWriter.Write(folder["w.safetensors"], new Dictionary<string, string>(), [.. tensors.Select(t => (t.Key, t.Value.Shape, t.Value.Values))]);
        Trunk trunk = Backbone.Load(folder["w.safetensors"]).Trunk;
        Assert.Equal((name, channels), (trunk.Architecture, trunk.Layer1.Channels));
        byte[] pixels = new byte[2 * 72 * 40 * 3];
        new Random(4).NextBytes(pixels);
        Tensor image = tensor(pixels, [2, 72, 40, 3]);
        using TrunkNetwork network = new(trunk);
        Tensor[] features = network.Features(image), truth = expected(image);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(truth[i].shape, features[i].shape);
            Assert.InRange(Difference(truth[i], features[i]), 0, 1e-4);
        }
        Assert.Equal(trunk.GridsOf(72, 40), features.Select(f => new Grid((int)f.shape[2], (int)f.shape[3])));
        CompareGraph(trunk, image, features, 1e-4);
    }

    private void CompareGraph(Trunk trunk, Tensor image, Tensor[] features, double tolerance)
    {
        GraphBuilder graph = new("trunk");
        IReadOnlyList<string> layers = TrunkGraph.Add(graph, graph.Input("image", "N", "H", "W", 3), trunk);
        for (int i = 0; i < layers.Count; i++) graph.Output(trunk.Features[i].Name, layers[i], "N", trunk.Features[i].Channels, $"h{i}", $"w{i}");
        graph.Save(folder["trunk.onnx"]);
        using InferenceSession session = new(folder["trunk.onnx"]);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image.data<byte>().ToArray(), image.shape);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["image"], [input], [.. trunk.Features.Select(f => f.Name)]);
        for (int i = 0; i < layers.Count; i++)
        {
            Assert.Equal(features[i].shape, results[i].GetTensorTypeAndShape().Shape);
            Assert.InRange(Difference(features[i], tensor(results[i].GetTensorDataAsSpan<float>().ToArray(), features[i].shape)), 0, tolerance);
        }
    }

    /// <summary>Largest difference over the largest value.</summary>
    private static double Difference(Tensor expected, Tensor actual)
    {
        float largest = expected.abs().max().item<float>();
        Assert.True(largest > 0.01f && float.IsFinite(largest), $"{largest}");
        return (expected - actual).abs().max().item<float>() / largest;
    }

    private static Tensor Photograph(int height, int width)
    {
        ImageBuffer picture = new();
        ImageFile.Read(TestPaths.Shared("photographs/imagenet_0007.jpg"), picture);
        byte[] pixels = new byte[height * width * 3];
        new Preprocessor(new InputSpec { Width = width, Height = height }).Apply(picture, pixels);
        return tensor(pixels, [1, height, width, 3]);
    }
}
