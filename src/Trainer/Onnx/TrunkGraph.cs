using Edge.Training.Backbones;

namespace Edge.Training.Onnx;

/// <summary>The part all methods share: picture in, trunk features out.</summary>
internal static class TrunkGraph
{
    /// <summary>H and W of a graph that takes whatever the trunk takes.</summary>
    public static (Dimension Height, Dimension Width) Sides(Trunk trunk) => trunk.FixedSize is { } only ? (only.Height, only.Width) : ("H", "W");

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>The trunk's features: float32 [N, C, h, w] each, finest first.</returns>
    public static IReadOnlyList<string> Add(GraphBuilder graph, string image, Trunk trunk)
    {
        if (trunk is OnnxTrunk custom) return Add(graph, image, custom);
        OperatorTrunk network = (OperatorTrunk)trunk;
        // (x / 255 − μ) / σ: the subtraction stays (the zero padding comes after it), the scale 1 / (255 σ) goes into the convolutions of the picture.
        string x = Planes(graph, image);
        x = graph.Node("Sub", [x, graph.Constant([.. trunk.Input.Mean.Select(m => m * 255)], 1, 3, 1, 1)]);
        List<string> values = [x];
        foreach (Operator step in network.Operators)
        {
            values.Add(step switch
            {
                Convolve { From: 0 } c => Activate(graph, Convolve(graph, x, Scaled(c.Convolution, trunk.Input)), c.Activation),
                Convolve c => Activate(graph, Convolve(graph, values[c.From], c.Convolution), c.Activation),
                Join { Left: > 0, Right: > 0 } j => Activate(graph, graph.Node("Add", [values[j.Left], values[j.Right]]), j.Activation),
                MaxPool { From: > 0 } p => graph.Node(
                    "MaxPool", [values[p.From]], ("kernel_shape", new long[] { 3, 3 }), ("strides", new long[] { 2, 2 }), ("pads", new long[] { 1, 1, 1, 1 })),
                _ => throw new InvalidOperationException($"{step} can't be written."),
            });
        }
        return [.. network.Outputs.Select(o => values[o])];
    }

    private static IReadOnlyList<string> Add(GraphBuilder graph, string image, OnnxTrunk trunk) =>
        trunk.Network.AddTo(graph, Normalise(graph, image, trunk.Input), trunk.Layers);

    /// <param name="image">uint8 [N, H, W, 3], RGB.</param>
    /// <returns>float32 [N, 3, H, W]: (RGB / 255 − mean) / standard deviation.</returns>
    public static string Normalise(GraphBuilder graph, string image, Normalisation input)
    {
        string x = graph.Node("Div", [Planes(graph, image), graph.Constant([255f], 1)]);
        x = graph.Node("Sub", [x, graph.Constant([.. input.Mean], 1, 3, 1, 1)]);
        return graph.Node("Div", [x, graph.Constant([.. input.StandardDeviation], 1, 3, 1, 1)]);
    }

    private static string Planes(GraphBuilder graph, string image) =>
        graph.Node("Cast", [graph.Node("Transpose", [image], ("perm", new long[] { 0, 3, 1, 2 }))], ("to", 1));

    private static Convolution Scaled(Convolution c, Normalisation input)
    {
        float[] weight = [.. c.Weight];
        int perInput = c.Kernel * c.Kernel;
        for (int i = 0; i < weight.Length; i++) weight[i] /= 255 * input.StandardDeviation[i / perInput % 3];
        return c with { Weight = weight };
    }

    private static string Convolve(GraphBuilder graph, string x, Convolution c)
    {
        string weight = graph.Constant(c.Weight, c.Shape), bias = graph.Constant(c.Bias, c.Out);
        List<(string, object)> attributes = [("kernel_shape", new long[] { c.Kernel, c.Kernel }), ("strides", new long[] { c.Stride, c.Stride })];
        // How much padding TensorFlow's rule gives depends on the size, which may be known only when the graph runs.
        attributes.Add(c.Pads == Padding.Same ? ("auto_pad", "SAME_UPPER") : ("pads", new long[] { c.Padding, c.Padding, c.Padding, c.Padding }));
        if (c.Groups > 1) attributes.Add(("group", c.Groups));
        return graph.Node("Conv", [x, weight, bias], [.. attributes]);
    }

    private static string Activate(GraphBuilder graph, string x, Activation activation) => activation switch
    {
        Activation.Relu => graph.Node("Relu", [x]),
        Activation.Relu6 => graph.Node("Clip", [x, graph.Constant([0f]), graph.Constant([6f])]),
        _ => x,
    };
}
