using Edge.Training.Backbones;

namespace Edge.Training.Onnx;

/// <summary>The part all methods share: picture in, trunk features out.</summary>
internal static class TrunkGraph
{
    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, C1, H/4, W/4], [N, C2, H/8, W/8] and [N, C3, H/16, W/16] (rounded up).</returns>
    public static (string Layer1, string Layer2, string Layer3) Add(GraphBuilder graph, string image, ResNet18Trunk trunk)
    {
        // (x / 255 − μ) / σ: the subtraction stays (the zero padding comes after it), the scale 1 / (255 σ) goes into the stem.
        string x = graph.Node("Cast", [graph.Node("Transpose", [image], ("perm", new long[] { 0, 3, 1, 2 }))], ("to", 1));
        x = graph.Node("Sub", [x, graph.Constant([.. ResNet18Trunk.Mean.Select(m => m * 255)], 1, 3, 1, 1)]);
        float[] weight = [.. trunk.Stem.Weight];
        int perInput = trunk.Stem.Kernel * trunk.Stem.Kernel;
        for (int i = 0; i < weight.Length; i++) weight[i] /= 255 * ResNet18Trunk.StandardDeviation[i / perInput % 3];
        x = graph.Node("Relu", [Convolve(graph, x, trunk.Stem with { Weight = weight })]);
        x = graph.Node("MaxPool", [x], ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 }));
        string layer1 = trunk.Layer1.Aggregate(x, (input, block) => Add(graph, input, block));
        string layer2 = trunk.Layer2.Aggregate(layer1, (input, block) => Add(graph, input, block));
        return (layer1, layer2, trunk.Layer3.Aggregate(layer2, (input, block) => Add(graph, input, block)));
    }

    private static string Add(GraphBuilder graph, string x, BasicBlock block)
    {
        string shortcut = block.Downsample is null ? x : Convolve(graph, x, block.Downsample);
        string inner = graph.Node("Relu", [Convolve(graph, x, block.First)]);
        return graph.Node("Relu", [graph.Node("Add", [Convolve(graph, inner, block.Second), shortcut])]);
    }

    private static string Convolve(GraphBuilder graph, string x, Convolution c) => graph.Node(
        "Conv",
        [x, graph.Constant(c.Weight, c.Shape), graph.Constant(c.Bias, c.Out)],
        ("kernel_shape", new long[] { c.Kernel, c.Kernel }),
        ("strides", new long[] { c.Stride, c.Stride }),
        ("pads", new long[] { c.Padding, c.Padding, c.Padding, c.Padding }));
}
