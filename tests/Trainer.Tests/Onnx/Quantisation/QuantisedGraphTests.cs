using Edge.Scoring;
using Edge.Training.Data;
using Edge.Training.Onnx;
using Edge.Training.Onnx.Quantisation;
using Google.Protobuf;
using Xunit;

namespace Edge.Tests.Onnx.Quantisation;

/// <summary>A small graph with everything that a trunk has, against integer arithmetic written as loops.</summary>
public sealed class QuantisedGraphTests : IDisposable
{
    private const int Side = 16, Channels = 4;
    private readonly TempFolder folder = new();
    private readonly float[] weight, bias;

    public QuantisedGraphTests()
    {
        Random random = new(5);
        // Channels of very different size: each needs a scale of its own.
        weight = [.. Enumerable.Range(0, Channels * 3 * 9).Select(i => (random.NextSingle() - 0.5f) * MathF.Pow(4, i / 27))];
        bias = [.. Enumerable.Range(0, Channels).Select(c => (random.NextSingle() - 0.5f) * 200 * MathF.Pow(4, c))];
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_convolution_is_the_integer_sum_of_rounded_values()
    {
        GraphFile file = Write(deep: false);
        LoadedPicture picture = Noise(1);
        (ConvolutionalPart part, var ranges) = Quantise(file, [picture]);
        Assert.Single(part.Convolutions);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["int8.onnx"], Side, Side);
        picture.Rgb.CopyTo(detector.Input);
        detector.Run();
        // q(x) and q(w) as in ONNX's QuantizeLinear: round half to even, saturate.
        ActivationRange x = ranges[part.Values[0]], y = ranges[part.Values[1]];
        for (int row = 0; row < Side; row++)
        {
            for (int column = 0; column < Side; column++)
            {
                double expected = Enumerable.Range(0, Channels).Max(c => Rounded(Convolve(picture.Rgb, x, row, column, c), y));
                Assert.Equal(expected, detector.Map[row * Side + column], y.Scale * 1.001);   // a sum on a half may round either way
            }
        }
    }

    [Fact]
    public void A_trunk_with_shortcut_pooling_and_clip_is_near_the_float_one_and_its_float_branch_is_not_rounded()
    {
        GraphFile file = Write(deep: true);
        LoadedPicture[] pictures = [.. Enumerable.Range(0, 4).Select(Noise)];
        (ConvolutionalPart part, _) = Quantise(file, pictures);
        Assert.Equal(4, part.Convolutions.Count);   // not the one behind the mean
        using AnomalyDetector floats = AnomalyDetector.Load(folder["float.onnx"], Side, Side), integers = AnomalyDetector.Load(folder["int8.onnx"], Side, Side);
        foreach (LoadedPicture picture in pictures)
        {
            picture.Rgb.CopyTo(floats.Input);
            picture.Rgb.CopyTo(integers.Input);
            (float a, float b) = (floats.Run(), integers.Run());
            Assert.Equal(a, b, 0.03f * Math.Abs(a));
            Assert.NotEqual(a, b);
        }
    }

    [Fact]
    public void Onnx_checker_accepts_it()
    {
        Quantise(Write(deep: true), [Noise(1)]);
        string output = Python.Run("""
            import sys, onnx
            model = onnx.load(sys.argv[1])
            onnx.checker.check_model(model, full_check=True)
            ops = [n.op_type for n in model.graph.node]
            print(ops.count('QuantizeLinear'), ops.count('Conv'), [t.data_type for t in model.graph.initializer if t.name.endswith('_integers')])
            """, "onnx", folder["int8.onnx"]);
        // picture, result of the first, pooled, second, third, and the sum; each convolution s8 weights (3) and s32 bias (6)
        Assert.Equal("7 5 [3, 6, 3, 6, 3, 6, 3, 6]", output.Trim());
    }

    [Fact]
    public void A_bias_beyond_32_bits_coarsens_its_channels_weights_instead_of_overflowing()
    {
        weight.AsSpan(0, 27).Fill(1e-9f);
        bias[0] = 1000;
        GraphFile file = Write(deep: false);
        Quantise(file, [Noise(1)]);
        using AnomalyDetector detector = AnomalyDetector.Load(folder["int8.onnx"], Side, Side);
        Noise(1).Rgb.CopyTo(detector.Input);
        detector.Run();
        Assert.All(detector.Map.ToArray(), v => Assert.True(v > 900, $"{v}"));
    }

    private (ConvolutionalPart Part, IReadOnlyDictionary<string, ActivationRange> Ranges) Quantise(GraphFile file, LoadedPicture[] pictures)
    {
        ConvolutionalPart part = new(file.Model.Graph);
        IReadOnlyDictionary<string, ActivationRange> ranges = ActivationRanges.Observe(file, part.Values, pictures, Side, Side, 1, TestContext.Current.CancellationToken);
        using FileStream stream = File.Create(folder["int8.onnx"]);
        QuantisedGraph.Of(file.Model, part, ranges).WriteTo(stream);
        return (part, ranges);
    }

    private static LoadedPicture Noise(int seed)
    {
        byte[] rgb = new byte[Side * Side * 3];
        new Random(seed).NextBytes(rgb);
        return new LoadedPicture(new Picture($"{seed}", Picture.NormalLabel, null, ""), rgb, Side, Side);
    }

    private GraphFile Write(bool deep)
    {
        GraphBuilder graph = new("small");
        string x = graph.Node("Cast", [graph.Node("Transpose", [graph.Input("image", 0, Side, Side, 3)], ("perm", new long[] { 0, 3, 1, 2 }))], ("to", 1));
        x = graph.Node("Sub", [x, graph.Constant([100f, 120, 140], 1, 3, 1, 1)]);
        string y = graph.Node("Relu", [Convolve(graph, x, weight, bias, 3, 1)]), map;
        if (deep)
        {
            string pooled = graph.Node("MaxPool", [y], ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 1, 1 }), ("pads", new long[] { 1, 1, 1, 1 }));
            string inner = graph.Node("Clip", [Convolve(graph, pooled, Square(1), [1, 2, 3, 4], Channels, 1), graph.Constant([0f]), graph.Constant([600f])]);
            string second = Convolve(graph, inner, Square(2), [0, 0, 0, 0], Channels, 1);
            string sum = graph.Node("Relu", [graph.Node("Add", [second, pooled])]);
            string third = Convolve(graph, sum, Square(3), [0, 0, 0, 0], Channels, 1);
            string normalised = graph.Node("Sub", [third, graph.Node("ReduceMean", [third], ("axes", new long[] { 1, 2, 3 }))]);
            map = graph.Node("Add", [Convolve(graph, normalised, Square(4), [0, 0, 0, 0], Channels, 1), sum]);
        }
        else
        {
            map = y;
        }
        map = graph.Node("ReduceMax", [map], ("axes", new long[] { 1 }), ("keepdims", 0));
        graph.Output("image_score", graph.Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), 0);
        graph.Output("anomaly_map", map, 0, Side, Side);
        graph.Save(folder["float.onnx"]);
        return new GraphFile(folder["float.onnx"]);
    }

    private static string Convolve(GraphBuilder graph, string x, float[] weight, float[] bias, int input, int stride) => graph.Node(
        "Conv", [x, graph.Constant(weight, Channels, input, 3, 3), graph.Constant(bias, Channels)],
        ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { stride, stride }), ("pads", new long[] { 1, 1, 1, 1 }));

    private static float[] Square(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Channels * Channels * 9).Select(_ => (random.NextSingle() - 0.4f) * 0.1f)];
    }

    /// <summary>relu(conv) of the rounded picture with the rounded weights, as real numbers.</summary>
    private double Convolve(byte[] rgb, ActivationRange x, int row, int column, int channel)
    {
        ReadOnlySpan<float> mean = [100, 120, 140];
        float scale = weight.AsSpan(channel * 27, 27).ToArray().Max(Math.Abs) / 127;
        double sum = Math.Round(bias[channel] / ((double)x.Scale * scale));
        for (int c = 0; c < 3; c++)
        {
            for (int i = 0; i < 9; i++)
            {
                int from = row + i / 3 - 1, at = column + i % 3 - 1;
                if (from is < 0 or >= Side || at is < 0 or >= Side) continue;   // padding is exactly 0
                double q = Math.Clamp(Math.Round((rgb[(from * Side + at) * 3 + c] - mean[c]) / x.Scale) + x.Zero, 0, 255) - x.Zero;
                sum += q * Math.Round(weight[channel * 27 + c * 9 + i] / scale);
            }
        }
        return Math.Max(0, sum * x.Scale * scale);
    }

    private static double Rounded(double value, ActivationRange y) => (Math.Clamp(Math.Round(value / y.Scale) + y.Zero, 0, 255) - y.Zero) * y.Scale;
}
