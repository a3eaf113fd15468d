using Edge.Scoring;
using Edge.Tests.Methods.FastFlow;
using Edge.Tests.Methods.Networks;
using Edge.Training.Backbones;
using Edge.Training.Methods.Fcdd;
using Edge.Training.Methods.Networks;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.Fcdd;

/// <summary>One graph, written once, at sizes it has never seen.</summary>
public sealed class FcddExportTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly TrunkNetwork trunk;
    private readonly FcddNetwork network;
    private readonly IDisposable inference = no_grad();

    public FcddExportTests()
    {
        Trunk weights = Backbone.Load(null).Trunk;
        trunk = new TrunkNetwork(weights);
        network = new FcddNetwork(weights, hidden: 24, seed: 5);
        using DisposeScope scope = NewDisposeScope();
        using ChannelStatistics layer2 = new(weights.Layer2.Channels), layer3 = new(weights.Layer3.Channels);
        layer2.Add(FlowTests.Noise(1, 2, weights.Layer2.Channels, 4, 4));
        layer3.Add(FlowTests.Noise(2, 2, weights.Layer3.Channels, 4, 4));
        network.Standardise([layer2, layer3]);
        network.Head.bias!.fill_(0.3f);
        new FcddExport(weights, network).Save(folder["model.onnx"]);
    }

    public void Dispose()
    {
        inference.Dispose();
        network.Dispose();
        trunk.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(128, 96)]
    [InlineData(90, 51)]    // not a multiple of 8
    public void Scores_and_maps_equal_torch_and_the_score_is_the_mean_of_the_largest_hundredth(int width, int height)
    {
        using DisposeScope scope = NewDisposeScope();
        using AnomalyDetector detector = AnomalyDetector.Load(folder["model.onnx"], width, height);
        for (int seed = 0; seed < 3; seed++)
        {
            byte[] pixels = ExportedGraph.Pixels(width, height, seed);
            pixels.CopyTo(detector.Input);
            float score = detector.Run();
            (Tensor layer2, Tensor layer3) = trunk.Forward(tensor(pixels, [1, height, width, 3]));
            float[] map = network.Map([layer2, layer3], height, width).data<float>().ToArray();
            ExportedGraph.AssertClose(map, detector.Map.ToArray());
            Assert.Equal(map.OrderDescending().Take(width * height / 100).Average(), score, 1e-4f * score);
            Assert.True(map.Max() > 2 * map.Min(), "the map is not flat");
        }
    }

    [Fact]
    public void A_batch_of_three_is_three_singles() => ExportedGraph.AssertBatchIsSingles(folder["model.onnx"]);

    [Fact]
    public void Onnx_checker_and_shape_inference_accept_the_graph() =>
        Assert.Equal("8 17 [('image', ['N', 'H', 'W', 3]), ('image_score', ['N']), ('anomaly_map', ['N', 'H', 'W'])]", ExportedGraph.Check(folder["model.onnx"]));
}
