using Edge.Scoring;
using Edge.Training.Onnx;
using Edge.Training.Onnx.Proto;
using Microsoft.ML.OnnxRuntime;

namespace Edge.Benchmarks;

/// <summary>Floating-point operations of a graph, counted from its nodes: two for each multiply-add of convolutions and matrix products. The rest is not counted.</summary>
internal static class GraphWork
{
    private static readonly string[] Counted = ["Conv", "MatMul", "Gemm"];

    /// <param name="image">uint8 [1, height, width, 3]: sizes are those that the graph has for it.</param>
    public static IReadOnlyDictionary<string, double> Count(GraphFile file, byte[] image, int height, int width)
    {
        NodeProto[] nodes = [.. file.Model.Graph.Node.Where(n => Counted.Contains(n.OpType))];
        string[] values = [.. nodes.SelectMany(n => n.Input.Take(2).Concat(n.Output)).Distinct().Where(v => !file.HasConstant(v))];
        Dictionary<string, long[]> shapes = Shapes(file, values, image, height, width);
        long[] ShapeOf(string value) => file.HasConstant(value) ? file.ShapeOf(value) : shapes[value];
        return nodes.GroupBy(n => n.OpType).ToDictionary(g => g.Key, g => g.Sum(node =>
        {
            double outputs = ShapeOf(node.Output[0]).Aggregate(1.0, (product, side) => product * side);
            long[] left = ShapeOf(node.Input[0]), right = ShapeOf(node.Input[1]);
            // A convolution sums over [In / groups, kernel, kernel]; a product over the columns of its left side, or its rows where it is transposed.
            double summed = node.OpType == "Conv" ? right[1..].Aggregate(1.0, (product, side) => product * side)
                : node.Attribute.Any(a => a is { Name: "transA", I: not 0 }) ? left[^2] : left[^1];
            return 2 * outputs * summed;
        }));
    }

    private static Dictionary<string, long[]> Shapes(GraphFile file, string[] values, byte[] image, int height, int width)
    {
        using SessionOptions options = Accelerator.CreateSessionOptions(new DetectorOptions());
        using InferenceSession session = new(file.Computing(values), options);
        using OrtValue picture = OrtValue.CreateTensorValueFromMemory(image, [1, height, width, 3]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["image"], [picture], values);
        return values.Zip(outputs, (value, output) => (value, output.GetTensorTypeAndShape().Shape)).ToDictionary(x => x.value, x => x.Shape);
    }
}
