using Edge.Imaging;
using Edge.Training.Backbones;
using Edge.Training.Onnx;
using TorchSharp.Modules;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>EfficientAD as one ONNX graph: <c>image</c> → <c>image_score</c>, <c>anomaly_map</c>. The teacher's standardisation is in its last convolution.</summary>
internal sealed class EfficientAdExport(PatchDescriptionNetwork teacher, EfficientAdNetwork network, MapQuantiles local, MapQuantiles global, InputSpec input)
{
    private readonly GraphBuilder graph = new("efficientad");

    public void Save(string path)
    {
        string image = graph.Input("image", 0, input.Height, input.Width, 3);
        string x = Node("Cast", [Node("Transpose", [image], ("perm", new long[] { 0, 3, 1, 2 }))], ("to", 1));
        x = Node("Sub", [x, Channels(Normalisation.ImageNet.Mean.Select(m => m * 255))]);
        x = Node("Mul", [x, Channels(Normalisation.ImageNet.StandardDeviation.Select(d => 1 / (255 * d)))]);
        string student = Describe(x, network.Student);
        string first = Map(Describe(x, teacher), Part(student, 0, network.Outputs), local);
        string second = Map(Reconstruct(x), Part(student, network.Outputs, 2 * network.Outputs), global);
        string combined = Node("Add", [Node("Add", [first, second]), graph.Constant([(local.Offset + global.Offset) / 2])]);
        string map = Node("Squeeze", [Resize(combined, input.Height, input.Width), graph.Integers(1)]);
        graph.Output("image_score", Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), 0);
        graph.Output("anomaly_map", map, 0, input.Height, input.Width);
        graph.Save(path);
    }

    private string Describe(string x, PatchDescriptionNetwork pdn)
    {
        for (int i = 0; i < pdn.Convolutions.Count; i++)
        {
            PdnLayer layer = pdn.Shape.Layers[i];
            x = Convolve(x, pdn.Convolutions[i], 1, layer.Padding);
            if (i < pdn.Convolutions.Count - 1) x = Node("Relu", [x]);
            if (layer.Pool) x = Node("AveragePool", [x], ("kernel_shape", new long[] { 2, 2 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }), ("count_include_pad", 1));
        }
        return x;
    }

    private string Reconstruct(string x)
    {
        Autoencoder autoencoder = network.Autoencoder;
        for (int i = 0; i < autoencoder.Encoder.Count; i++)
        {
            x = autoencoder.ReluAfter(i) ? Node("Relu", [Convolve(x, autoencoder.Encoder[i], 2, 1)]) : Convolve(x, autoencoder.Encoder[i], 1, 0);
        }
        foreach (DecoderStep step in autoencoder.Decoder)
        {
            x = Convolve(Resize(x, step.Height, step.Width), step.Convolution, 1, step.Padding);
            if (step.Relu) x = Node("Relu", [x]);
        }
        return x;
    }

    /// <returns>Half of the normalised map, less its offset: scale / (2 C) · Σ (a − b)², [N, 1, h, w].</returns>
    private string Map(string a, string b, MapQuantiles quantiles) => Node(
        "Mul", [Node("ReduceSumSquare", [Node("Sub", [a, b])], ("axes", new long[] { 1 })), graph.Constant([quantiles.Scale / (2 * network.Outputs)])]);

    private string Part(string x, long from, long to) => Node("Slice", [x, graph.Integers(from), graph.Integers(to), graph.Integers(1)]);

    /// <summary>Bilinear, to a fixed grid; N and C stay.</summary>
    private string Resize(string x, long height, long width)
    {
        string sizes = Node("Concat", [Node("Slice", [Node("Shape", [x]), graph.Integers(0), graph.Integers(2), graph.Integers(0)]), graph.Integers(height, width)], ("axis", 0));
        return Node("Resize", [x, "", "", sizes], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));
    }

    private string Convolve(string x, Conv2d convolution, int stride, int padding) => Node(
        "Conv",
        [x, graph.Constant(convolution.weight.Values<float>(), convolution.weight.shape), graph.Constant(convolution.bias!.Values<float>(), convolution.bias!.shape)],
        ("kernel_shape", convolution.weight.shape[2..]),
        ("strides", new long[] { stride, stride }),
        ("pads", new long[] { padding, padding, padding, padding }));

    private string Channels(IEnumerable<float> values) => graph.Constant([.. values], 1, 3, 1, 1);

    private string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string, object)> attributes) => graph.Node(op, inputs, attributes);
}
