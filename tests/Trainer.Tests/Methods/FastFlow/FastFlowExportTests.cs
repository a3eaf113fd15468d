using Edge.Scoring;
using Edge.Tests.Methods.Networks;
using Edge.Training.Backbones;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.Networks;
using Edge.Training.Methods.PatchCore;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace Edge.Tests.Methods.FastFlow;

/// <summary>One graph, written once, at sizes it has never seen.</summary>
public sealed class FastFlowExportTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Trunk trunk = Backbone.Load(null).Trunk;
    private readonly TrunkNetwork features;
    private readonly FlowNetwork network;
    private readonly IDisposable inference = no_grad();

    public FastFlowExportTests()
    {
        features = new TrunkNetwork(trunk);
        network = new FlowNetwork(trunk, new FastFlowOptions { Steps = 4 });
        foreach (ScaleFlow scale in network.Scales)
        {
            FlowTests.Randomise(scale, 3);
            using ChannelStatistics statistics = new(scale.Channels);
            statistics.Add(FlowTests.Noise(5, 2, scale.Channels, 4, 4));
            scale.Standardise(statistics);
        }
        new FastFlowExport(trunk, network).Save(folder["model.onnx"]);
    }

    public void Dispose()
    {
        inference.Dispose();
        network.Dispose();
        features.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(128, 96)]
    [InlineData(90, 50)]    // not a multiple of 8
    public void Scores_and_maps_equal_torch_and_the_equations(int width, int height)
    {
        using DisposeScope scope = NewDisposeScope();
        using AnomalyDetector detector = AnomalyDetector.Load(folder["model.onnx"], width, height);
        for (int seed = 0; seed < 3; seed++)
        {
            byte[] pixels = ExportedGraph.Pixels(width, height, seed);
            pixels.CopyTo(detector.Input);
            float score = detector.Run();
            Tensor[] layers = Layers(tensor(pixels, [1, height, width, 3]));
            float[] expected = Equations(layers, width, height), torchMap = network.Map(network.Normalise(layers), height, width).data<float>().ToArray();
            ExportedGraph.AssertClose(expected, torchMap);
            ExportedGraph.AssertClose(expected, detector.Map.ToArray());
            Assert.Equal(expected.Max(), score, 1e-4f * score);
        }
    }

    [Fact]
    public void A_batch_of_three_is_three_singles() => ExportedGraph.AssertBatchIsSingles(folder["model.onnx"]);

    [Fact]
    public void Onnx_checker_and_shape_inference_accept_the_graph() =>
        Assert.Equal("8 17 [('image', ['N', 'H', 'W', 3]), ('image_score', ['N']), ('anomaly_map', ['N', 'H', 'W'])]", ExportedGraph.Check(folder["model.onnx"]));

    private Tensor[] Layers(Tensor image)
    {
        (Tensor layer1, Tensor layer2, Tensor layer3) = features.Layers(image);
        return [layer1, layer2, layer3];
    }

    /// <summary>½ mean z² over channels, upsampled as a matrix product, in float64; the mean of three scales.</summary>
    private float[] Equations(Tensor[] layers, int width, int height)
    {
        double[] map = new double[width * height];
        for (int scale = 0; scale < layers.Length; scale++)
        {
            (Tensor z, _) = network.Scales[scale].call(network.Scales[scale].Normalise(layers[scale]));
            (int c, int h, int w) = ((int)z.shape[1], (int)z.shape[2], (int)z.shape[3]);
            float[] values = z.data<float>().ToArray();
            double[] rows = MapSmoothing.Upsampling(h, height), columns = MapSmoothing.Upsampling(w, width), place = new double[h * w];
            for (int i = 0; i < values.Length; i++) place[i % (h * w)] += 0.5 / c * values[i] * values[i];
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    for (int i = 0; i < h; i++)
                        if (rows[y * h + i] != 0)
                            for (int j = 0; j < w; j++) map[y * width + x] += rows[y * h + i] * place[i * w + j] * columns[x * w + j] / 3;
        }
        return [.. map.Select(v => (float)v)];
    }
}
