using Edge.Training.Backbones;
using Edge.Training.Onnx;
using TorchSharp.Modules;

namespace Edge.Training.Methods.FastFlow;

/// <summary>FastFlow as one ONNX graph: <c>image</c> → <c>image_score</c>, <c>anomaly_map</c>. N, H and W are symbolic.</summary>
internal sealed class FastFlowExport(Trunk trunk, FlowNetwork network)
{
    private static readonly long[] Picture = [1, 2, 3];   // axes

    private readonly GraphBuilder graph = new("fastflow");

    public void Save(string path)
    {
        (Dimension height, Dimension width) = TrunkGraph.Sides(trunk);
        string image = graph.Input("image", "N", height, width, 3);
        IReadOnlyList<string> layers = TrunkGraph.Add(graph, image, trunk);
        string shape = Node("Shape", [image]);
        string single = Node("Slice", [shape, graph.Integers(0), graph.Integers(1), graph.Integers(0)]);
        string size = Node("Concat", [single, graph.Integers(1), Node("Slice", [shape, graph.Integers(1), graph.Integers(3), graph.Integers(0)])], ("axis", 0));   // N, 1, H, W
        string[] maps = [.. network.Scales.Zip(layers.TakeLast(network.Scales.Count), (scale, features) => Upsample(Likelihood(scale, features), size))];
        string map = Node("Squeeze", [Node("Mul", [Node("Sum", maps), Scalar(1f / maps.Length)]), graph.Integers(1)]);
        graph.Output("image_score", Node("ReduceMax", [map], ("axes", new long[] { 1, 2 }), ("keepdims", 0)), "N");
        graph.Output("anomaly_map", map, "N", height, width);
        graph.Save(path);
    }

    /// <returns>½ mean z² over channels, [N, 1, h, w].</returns>
    private string Likelihood(ScaleFlow scale, string features)
    {
        string centred = Node("Sub", [features, Node("ReduceMean", [features], ("axes", Picture))]);
        string variance = Node("ReduceMean", [Node("Mul", [centred, centred])], ("axes", Picture));
        string x = Node("Div", [centred, Node("Sqrt", [Node("Add", [variance, Scalar((float)ScaleFlow.Epsilon)])])]);
        x = Node("Mul", [Node("Sub", [x, Channels(scale.Offset)]), Channels(scale.Gain)]);
        foreach (FlowStep step in scale.Steps) x = Couple(step, x);
        return Node("Mul", [Node("ReduceMean", [Node("Mul", [x, x])], ("axes", new long[] { 1 })), Scalar(0.5f)]);
    }

    private string Couple(FlowStep step, string x)
    {
        int half = step.Permutation.Length / 2;
        string kept = Node("Gather", [x, graph.Integers(Array.ConvertAll(step.Permutation[..half], c => (long)c))], ("axis", 1));
        string other = Node("Gather", [x, graph.Integers(Array.ConvertAll(step.Permutation[half..], c => (long)c))], ("axis", 1));
        string hidden = Node("Relu", [Convolve(kept, step.First, step.Kernel, 1)]), both = Convolve(hidden, step.Second, step.Kernel, (float)FlowStep.Damping);
        long active = step.Permutation.Length - half;
        string scale = Node("Mul", [Node("Tanh", [Part(both, 0, active)]), Scalar((float)FlowStep.Clamp)]);
        return Node("Concat", [kept, Node("Add", [Node("Mul", [other, Node("Exp", [scale])]), Part(both, active, 2 * active)])], ("axis", 1));
    }

    private string Part(string x, long from, long to) => Node("Slice", [x, graph.Integers(from), graph.Integers(to), graph.Integers(1)]);

    private string Upsample(string place, string size) => Node(
        "Resize", [place, "", "", size], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));

    private string Convolve(string x, Conv2d convolution, int kernel, float factor) => Node(
        "Conv",
        [x, graph.Constant((convolution.weight * factor).Values<float>(), convolution.weight.shape), graph.Constant((convolution.bias! * factor).Values<float>(), convolution.bias!.shape)],
        ("kernel_shape", new long[] { kernel, kernel }),
        ("pads", new long[] { kernel / 2, kernel / 2, kernel / 2, kernel / 2 }));

    private string Channels(float[] values) => graph.Constant(values, 1, values.Length, 1, 1);

    private string Scalar(float value) => graph.Constant([value]);

    private string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string, object)> attributes) => graph.Node(op, inputs, attributes);
}
