using Edge.Training.Onnx.Proto;

namespace Edge.Training.Onnx.Quantisation;

/// <summary>
/// The part of a graph that can run in 8-bit integers, whatever the method: convolutions to which only elementwise operators and pooling lead
/// from the picture. PatchCore's search and FastFlow's flows, behind a normalisation, are not among them.
/// </summary>
internal sealed class ConvolutionalPart
{
    private static readonly HashSet<string> Simple =
        ["Transpose", "Cast", "Identity", "Sub", "Add", "Mul", "Div", "Conv", "Relu", "Clip", "MaxPool", "AveragePool", "Resize", "Concat"];

    private readonly Dictionary<string, NodeProto> producers;
    private readonly ILookup<string, NodeProto> consumers;

    /// <summary>What is quantised: convolutions with constant weights.</summary>
    public IReadOnlyList<NodeProto> Convolutions { get; }

    /// <summary>Values that are rounded to 8 bits, in the graph's order: what enters a convolution, and what leaves one (behind its activation).</summary>
    public IReadOnlyList<string> Values { get; }

    /// <summary>What leaves a convolution: everyone reads it rounded, or the convolution would have to write floats as well.</summary>
    public IReadOnlySet<string> Results { get; }

    public ConvolutionalPart(GraphProto graph)
    {
        HashSet<string> constants = [.. graph.Initializer.Where(t => t.DataType == (int)TensorProto.Types.DataType.Float).Select(t => t.Name)];
        HashSet<string> anyConstants = [.. graph.Initializer.Select(t => t.Name)], simple = [.. graph.Input.Select(i => i.Name)];
        producers = graph.Node.SelectMany(n => n.Output, (n, value) => (n, value)).ToDictionary(x => x.value, x => x.n);
        consumers = graph.Node.SelectMany(n => n.Input.Distinct(), (n, value) => (n, value)).ToLookup(x => x.value, x => x.n);
        foreach (NodeProto node in graph.Node)   // in topological order
            if (Simple.Contains(node.OpType) && node.Input.All(i => i.Length == 0 || anyConstants.Contains(i) || simple.Contains(i))) simple.UnionWith(node.Output);
        Convolutions = [.. graph.Node.Where(n => n.OpType == "Conv" && simple.Contains(n.Input[0]) && n.Input.Skip(1).All(constants.Contains))];
        Results = Convolutions.Select(Result).ToHashSet();
        HashSet<string> values = [.. Convolutions.Select(c => c.Input[0]), .. Results];
        Values = [.. graph.Node.SelectMany(n => n.Output).Where(values.Contains)];
    }

    /// <summary>The maximum of rounded values is one of them: a pooling's output has the scale of its input.</summary>
    public string? PooledFrom(string value) => producers[value] is { OpType: "MaxPool" } pool && Values.Contains(pool.Input[0]) ? pool.Input[0] : null;

    /// <summary>A convolution's output, behind an activation that is the only one to read it.</summary>
    private string Result(NodeProto convolution)
    {
        string output = convolution.Output[0];
        return consumers[output].ToArray() is [{ OpType: "Relu" or "Clip" } activation] && activation.Input[0] == output ? activation.Output[0] : output;
    }
}
