using Edge.Scoring;
using Edge.Training.Backbones;
using Edge.Training.Methods.FastFlow;
using Edge.Training.Methods.PatchCore;
using Microsoft.ML.OnnxRuntime;
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
            scale.Standardise(FlowTests.Noise(5, scale.Channels).to(float64) * 10, ones(scale.Channels, float64) * 50, 100);
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
            byte[] pixels = Pixels(width, height, seed);
            pixels.CopyTo(detector.Input);
            float score = detector.Run();
            Tensor[] layers = Layers(tensor(pixels, [1, height, width, 3]));
            float[] expected = Equations(layers, width, height), torchMap = network.Map(network.Normalise(layers), height, width).data<float>().ToArray();
            AssertClose(expected, torchMap);
            AssertClose(expected, detector.Map.ToArray());
            Assert.Equal(expected.Max(), score, 1e-4f * score);
        }
    }

    [Fact]
    public void A_batch_of_three_is_three_singles()
    {
        using InferenceSession session = new(folder["model.onnx"]);
        byte[][] pictures = [Pixels(64, 48, 7), Pixels(64, 48, 8), Pixels(64, 48, 9)];
        (float[] scores, float[] maps) = Run(session, [.. pictures.SelectMany(p => p)], 3, 64, 48);
        for (int i = 0; i < 3; i++)
        {
            (float[] score, float[] map) = Run(session, pictures[i], 1, 64, 48);
            Assert.Equal(score[0], scores[i], 1e-4f * score[0]);
            AssertClose(map, maps[(i * map.Length)..((i + 1) * map.Length)]);
        }
        Assert.Equal(3, scores.Distinct().Count());
    }

    [Fact]
    public void Onnx_checker_and_shape_inference_accept_the_graph()
    {
        string output = Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            print(model.ir_version, model.opset_import[0].version, [(o.name, [d.dim_param or d.dim_value for d in o.type.tensor_type.shape.dim]) for o in [*model.graph.input, *model.graph.output]])
            """, "onnx", folder["model.onnx"]);
        Assert.Equal("8 17 [('image', ['N', 'H', 'W', 3]), ('image_score', ['N']), ('anomaly_map', ['N', 'H', 'W'])]", output.Trim());
    }

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

    private static byte[] Pixels(int width, int height, int seed)
    {
        Random random = new(seed);
        double phase = random.NextDouble() * 6;
        byte[] pixels = new byte[width * height * 3];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(120 + 50 * Math.Sin(i / 3 % width * 0.2 + phase) + 50 * Math.Cos(i / 3 / width * 0.13 * phase) + random.Next(20));
        return pixels;
    }

    private static (float[] Scores, float[] Maps) Run(InferenceSession session, byte[] pixels, int count, int width, int height)
    {
        using OrtValue image = OrtValue.CreateTensorValueFromMemory(pixels, [count, height, width, 3]);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(options, ["image"], [image], ["image_score", "anomaly_map"]);
        Assert.Equal([count, height, width], results[1].GetTensorTypeAndShape().Shape);
        return (results[0].GetTensorDataAsSpan<float>().ToArray(), results[1].GetTensorDataAsSpan<float>().ToArray());
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        float largest = expected.Max();
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f * largest);
    }
}
