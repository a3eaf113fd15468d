using Edge.Training.Backbones;
using Edge.Training.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Edge.Training.Methods.Fcdd;

/// <summary>FCDD as one ONNX graph: <c>image</c> → <c>image_score</c>, <c>anomaly_map</c>. N, H and W are symbolic.</summary>
internal sealed class FcddExport(Trunk trunk, FcddNetwork network)
{
    private readonly GraphBuilder graph = new("fcdd");

    public void Save(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        (Dimension height, Dimension width) = TrunkGraph.Sides(trunk);
        string image = graph.Input("image", "N", height, width, 3);
        IReadOnlyList<string> layers = TrunkGraph.Add(graph, image, trunk);
        string map = Upsample(Heat(layers[^2], layers[^1]), Node("Slice", [Node("Shape", [image]), graph.Integers(1), graph.Integers(3)]));
        graph.Output("image_score", Score(map), "N");
        graph.Output("anomaly_map", map, "N", height, width);
        graph.Save(path);
    }

    /// <returns>A(X), [N, 1, h, w].</returns>
    private string Heat(string layer2, string layer3)
    {
        (Tensor weight2, Tensor weight3, Tensor bias) = network.Folded();
        string fine = Node("Conv", [layer2, Constant(weight2), Constant(bias)]), coarse = Node("Conv", [layer3, Constant(weight3)]);
        string upsampled = Node("Resize", [coarse, "", "", Node("Shape", [fine])], ("mode", "linear"), ("coordinate_transformation_mode", "half_pixel"));
        string hidden = Node("Relu", [Node("Add", [fine, upsampled])]);
        string a = Node("Conv", [hidden, Constant(network.Head.weight), Constant(network.Head.bias!)]);
        string square = Node("Mul", [a, a]), one = graph.Constant([1f]);
        return Node("Div", [square, Node("Add", [Node("Sqrt", [Node("Add", [square, one])]), one])]);
    }

    /// <param name="size">H, W.</param>
    private string Upsample(string heat, string size)
    {
        string places = Node("Slice", [Node("Shape", [heat]), graph.Integers(2), graph.Integers(4)]);
        string ones = Node("Expand", [graph.Constant([1f], 1, 1, 1, 1), Node("Concat", [graph.Integers(1, 1), places], ("axis", 0))]);
        string from = graph.Integers(ReceptiveFieldUpsampling.Radius, ReceptiveFieldUpsampling.Radius), to = Node("Add", [from, size]);
        return Node("Squeeze", [Node("Div", [Crop(Spread(heat)), Crop(Spread(ones))]), graph.Integers(1)]);

        string Crop(string x) => Node("Slice", [x, from, to, graph.Integers(2, 3)]);
    }

    /// <returns>Mean of the map's largest hundredth, [N].</returns>
    private string Score(string map)
    {
        string values = Node("Flatten", [map]);   // [N, H · W]
        string pixels = Node("Slice", [Node("Shape", [values]), graph.Integers(1), graph.Integers(2)]);
        string count = Node("Max", [Node("Div", [pixels, graph.Integers(FcddNetwork.TopShare)]), graph.Integers(1)]);
        return Node("ReduceMean", [graph.Largest(values, count)], ("axes", new long[] { 1 }), ("keepdims", 0));
    }

    private string Spread(string x)
    {
        float[] kernel = ReceptiveFieldUpsampling.Kernel();
        const int stride = ReceptiveFieldUpsampling.Stride;
        x = Node("ConvTranspose", [x, graph.Constant(kernel, 1, 1, kernel.Length, 1)], ("kernel_shape", new long[] { kernel.Length, 1 }), ("strides", new long[] { stride, 1 }));
        return Node("ConvTranspose", [x, graph.Constant(kernel, 1, 1, 1, kernel.Length)], ("kernel_shape", new long[] { 1, kernel.Length }), ("strides", new long[] { 1, stride }));
    }

    private string Constant(Tensor value) => graph.Constant(value.Values<float>(), value.shape);

    private string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string, object)> attributes) => graph.Node(op, inputs, attributes);
}
