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
    private readonly FlowNetwork network, coarsest;
    private readonly IDisposable inference = no_grad();

    public FastFlowExportTests()
    {
        features = new TrunkNetwork(trunk);
        network = new FlowNetwork(trunk, new FastFlowOptions { Steps = 4 });
        coarsest = new FlowNetwork(trunk, new FastFlowOptions { Steps = 4, Scales = 1 });
        foreach (ScaleFlow scale in network.Scales.Concat(coarsest.Scales))
        {
            FlowTests.Randomise(scale, 3);
            using ChannelStatistics statistics = new(scale.Channels);
            statistics.Add(FlowTests.Noise(5, 2, scale.Channels, 4, 4));
            scale.Standardise(statistics);
        }
        new FastFlowExport(trunk, network).Save(folder["model.onnx"]);
        new FastFlowExport(trunk, coarsest).Save(folder["coarsest.onnx"]);
    }

    public void Dispose()
    {
        inference.Dispose();
        network.Dispose();
        coarsest.Dispose();
        features.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData(64, 64)]
    [InlineData(128, 96)]
    [InlineData(90, 50)]    // not a multiple of 8
    public void Scores_and_maps_equal_torch_and_the_equations(int width, int height) => AssertEqual(network, "model.onnx", width, height);

    [Fact]
    public void The_coarsest_scale_alone_does_too() => AssertEqual(coarsest, "coarsest.onnx", 96, 64);

    private void AssertEqual(FlowNetwork flows, string file, int width, int height)
    {
        using DisposeScope scope = NewDisposeScope();
        using AnomalyDetector detector = AnomalyDetector.Load(folder[file], width, height);
        for (int seed = 0; seed < 3; seed++)
        {
            byte[] pixels = ExportedGraph.Pixels(width, height, seed);
            pixels.CopyTo(detector.Input);
            float score = detector.Run();
            Tensor[] layers = features.Features(tensor(pixels, [1, height, width, 3]))[^flows.Scales.Count..];
            float[] expected = Equations(flows, layers, width, height), torchMap = flows.Map(flows.Normalise(layers), height, width).data<float>().ToArray();
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

    /// <summary>½ mean z² over channels, upsampled as a matrix product, in float64; the mean of the scales.</summary>
    private static float[] Equations(FlowNetwork flows, Tensor[] layers, int width, int height)
    {
        double[] map = new double[width * height];
        for (int scale = 0; scale < layers.Length; scale++)
        {
            (Tensor z, _) = flows.Scales[scale].call(flows.Scales[scale].Normalise(layers[scale]));
            (int c, int h, int w) = ((int)z.shape[1], (int)z.shape[2], (int)z.shape[3]);
            float[] values = z.data<float>().ToArray();
            double[] rows = MapSmoothing.Upsampling(h, height), columns = MapSmoothing.Upsampling(w, width), place = new double[h * w];
            for (int i = 0; i < values.Length; i++) place[i % (h * w)] += 0.5 / c * values[i] * values[i];
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++)
                    for (int i = 0; i < h; i++)
                        if (rows[y * h + i] != 0)
                            for (int j = 0; j < w; j++) map[y * width + x] += rows[y * h + i] * place[i * w + j] * columns[x * w + j] / layers.Length;
        }
        return [.. map.Select(v => (float)v)];
    }
}
